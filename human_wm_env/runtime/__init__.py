"""The learned nets in NumPy and numba, for stepping: no mlx, no torch."""
