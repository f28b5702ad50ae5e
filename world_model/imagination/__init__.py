"""Imagined days, in MLX."""
