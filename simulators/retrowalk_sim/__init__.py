"""A treadmill, straps and a walker that misbehave on purpose: the independent witness of what the daemon did."""
