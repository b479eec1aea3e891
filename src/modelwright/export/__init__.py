"""A pipeline proven equal to its file, and written."""
