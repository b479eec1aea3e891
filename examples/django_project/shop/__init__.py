"""A shop that answers whether its customers will leave."""
