#!/bin/sh
# Runs on the host before the kernel is unpacked; $1 is the guest's root directory. An initrd with these drivers alone.
set -eu
conf=$1/etc/initramfs-tools
mkdir -p "$conf/conf.d"
printf 'MODULES=list\nCOMPRESS=zstd\n' >"$conf/conf.d/guest"
printf '%s\n' virtio_pci virtio_blk virtio_rng virtio_console 9pnet_virtio ext4 crc32c >"$conf/modules"
