"""The page at ``GET /``, on which a model can be tried in a browser."""
