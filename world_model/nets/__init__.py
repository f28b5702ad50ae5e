"""The nets, in MLX."""
