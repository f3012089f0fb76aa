"""Where the project's figures come from. `make bench` runs everything here and prints one table."""
