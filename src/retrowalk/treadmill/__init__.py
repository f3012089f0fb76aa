"""The treadmill: frames, control point, link, and the failsafe stop that needs none of them."""
