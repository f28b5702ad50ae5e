"""V and M of any environment with vector observations, trained in MLX and judged."""
