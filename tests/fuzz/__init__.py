"""Every reader of outside bytes, fed with what nobody meant. `make fuzz` goes on for minutes, guided by coverage."""
