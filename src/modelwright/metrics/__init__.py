"""How good predictions are, one file per family of metrics."""
