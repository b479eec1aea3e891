"""Columns to features and features to operators; one file per kind of column."""
