#!/bin/sh
# Runs on the host while the image is built; $1 is the guest's root directory.
set -eu
root=$1

echo guest >"$root/etc/hostname"
echo '127.0.0.1 localhost guest' >"$root/etc/hosts"
echo '/dev/vda / ext4 defaults,noatime 0 0' >"$root/etc/fstab"
sed -i 's#^root:[^:]*:#root::#' "$root/etc/shadow"    # a serial console, and no network at all
mkdir -p "$root/share" "$root/opt/site-packages" "$root/etc/systemd/system/multi-user.target.wants"

# The host's hand: a root shell on a virtio port, without prompt and echo. It reads an end while no host listens.
cat >"$root/etc/systemd/system/hand.service" <<'X'
[Unit]
Description=a shell for the host
Requires=dev-virtio\x2dports-hand.device
After=dev-virtio\x2dports-hand.device bluetooth.service mosquitto.service
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/bash -c 'exec <>/dev/virtio-ports/hand >&0 2>&0; echo @hand; exec bash'
Restart=always
RestartSec=0.5
X
ln -s ../hand.service "$root/etc/systemd/system/multi-user.target.wants/hand.service"

# What only costs time in here.
for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service dpkg-db-backup.timer \
            fstrim.timer systemd-networkd-wait-online.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
