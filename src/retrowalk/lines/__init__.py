"""Digital lines at the treadmill: the safety strap, today as the simulator's line."""
