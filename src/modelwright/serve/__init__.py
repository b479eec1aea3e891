"""Serving: model files behind HTTP, in the protocols of every platform at once."""
