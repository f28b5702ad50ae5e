"""What `humanwm benchmark` measures, one file for each kind of row."""

# Before anything imports mlx.core: it loads the fast matrix product.
from world_model import FAST_BLAS as FAST_BLAS
