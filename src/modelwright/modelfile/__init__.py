"""The model file: writing its bytes, auditing them, its manifest."""
