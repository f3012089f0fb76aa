# Runs in the guest after its first boot, before its state is stored: everything that is the same for every run.
set -e
modprobe -a 9pnet_virtio 9p bluetooth
modprobe hci_vhci || modprobe hci_uart
mount -o ro /dev/vdb /opt/site-packages
python3 -m venv --without-pip /opt/retrowalk
cat >/opt/retrowalk/lib/python3.13/site-packages/retrowalk.pth <<'X'
/opt/retrowalk/code/src
/opt/retrowalk/code/simulators
/opt/site-packages
X
for command in retrowalk:retrowalk.cli retrowalk-sim:retrowalk_sim.cli; do
  printf '#!/opt/retrowalk/bin/python\nimport sys\nfrom %s import main\nsys.exit(main())\n' "${command#*:}" \
    >"/opt/retrowalk/bin/${command%:*}"
  chmod 755 "/opt/retrowalk/bin/${command%:*}"
done
mkdir -p /opt/retrowalk/code
/opt/retrowalk/bin/python -c 'import bleak, bumble.device, pytest, pydantic'
systemctl start bluetooth mosquitto
systemctl is-system-running --wait || systemctl --failed
sync
