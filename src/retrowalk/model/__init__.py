"""The shared words: units, observations, requests, commands, reports. Frozen, slotted, without behaviour or I/O."""
