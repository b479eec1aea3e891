"""Readers: any table a user has becomes a Table with a Schema."""
