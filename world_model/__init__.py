"""The world model in MLX: trained offline, exported to the runtime's checkpoint."""

from world_model.nets import fast_blas

FAST_BLAS = fast_blas.enable()
