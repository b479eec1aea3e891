"""Ways to learn; one file per family."""
