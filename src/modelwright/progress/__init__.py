"""A fit in progress: what is shown of it, and the wish to stop that is heard."""
