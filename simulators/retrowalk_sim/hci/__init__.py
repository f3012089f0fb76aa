"""The third link: Bumble speaks HCI, so that the kernel's Bluetooth and bluetoothd find simulated devices as real ones.

Virtual controllers (`vhci`, `pty:PATH`) carry any number of devices; a real one (`usb:0`, `serial:…`) carries one.
Reading order: air (the radio), peer (one device on it), serving (which transport is what).
"""

from retrowalk_sim.hci.serving import serve

__all__ = ["serve"]
