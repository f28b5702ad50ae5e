"""Worlds that gradients flow through, in MLX: each equals an environment on equal noise."""
