"""What can be learned about a model from its file and a table."""
