"""Fitted parts joined: what will become the file."""
