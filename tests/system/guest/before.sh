# Runs in the guest before a reboot.
export RETROWALK_GUEST=/share/out PYTHONPATH=/opt/retrowalk/code/tests PYTHONDONTWRITEBYTECODE=1
mkdir -p /var/log/journal /share/out/logs
systemctl restart systemd-journald
sync                                      # the checkout; what a session writes must look after itself
/opt/retrowalk/bin/python -m system.reboot
