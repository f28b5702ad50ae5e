"""The learned nets in NumPy, for stepping: no mlx, no torch."""
