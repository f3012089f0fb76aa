"""The daemon or its Bluetooth dies at any moment of a session: is the belt stopped? See docs/outages.md."""
