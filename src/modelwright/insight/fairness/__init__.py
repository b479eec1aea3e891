"""Whether a model treats groups of people alike: figures per group, gaps, proxies, and what evening out would cost."""
