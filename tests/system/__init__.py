"""The whole thing in a virtual machine: Debian's kernel, bluetoothd, systemd and mosquitto. `make system` runs it."""
