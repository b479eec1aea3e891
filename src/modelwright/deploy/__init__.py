"""Bundles that bring a model file to a container, a cloud or a cluster, and what starts inside them."""
