# Runs in the guest after a reboot: what a snapshot would have kept. Variable: AFTER.
modprobe -a 9pnet_virtio 9p
modprobe hci_vhci || modprobe hci_uart
mount -o ro /dev/vdb /opt/site-packages
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none share /share
export RETROWALK_GUEST=/share/out PYTHONDONTWRITEBYTECODE=1
cd /opt/retrowalk/code
journalctl -b -1 --no-pager -o short-monotonic >/share/out/logs/before-$AFTER 2>&1
/opt/retrowalk/bin/python -m pytest "tests/system/scenarios/test_next_boot.py::test_$AFTER" -p no:cacheprovider --timeout 600 \
  -v --tb=short --junitxml="/share/out/verdicts-$AFTER.xml"
