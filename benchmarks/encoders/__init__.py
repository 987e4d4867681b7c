"""Our encoders beside the others': `make bench` and `make bench-check`."""
