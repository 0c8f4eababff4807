"""产品: what is sold."""
