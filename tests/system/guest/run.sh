# Runs in the guest after it was resumed: fetches the checkout, installs it, and runs the scenarios.
# Variables: NOW (seconds since 1970), ONLY (a pytest expression, or nothing), REPEAT.
date -s "@$NOW" >/dev/null
mountpoint -q /share || mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none share /share
code=/opt/retrowalk/code
tar -C $code -xf /share/code.tar
cp $code/systemd/retrowalk*@.service $code/tests/system/guest/btattach.service /etc/systemd/system/
cp $code/systemd/sysusers.d/retrowalk.conf /usr/lib/sysusers.d/
systemd-sysusers
systemctl daemon-reload
mkdir -p /etc/retrowalk && : >/etc/retrowalk/mqtt-password
systemctl restart systemd-journald        # it slept through the time that has passed
export RETROWALK_GUEST=/share/out PYTHONDONTWRITEBYTECODE=1 REPEAT=${REPEAT:-1}
cd $code
/opt/retrowalk/bin/python -m pytest tests/system/scenarios tests/system/contract --deselect tests/system/scenarios/test_next_boot.py \
  -p no:cacheprovider --timeout 240 -v --tb=short \
  --junitxml=/share/out/verdicts.xml ${ONLY:+-k "$ONLY"}
