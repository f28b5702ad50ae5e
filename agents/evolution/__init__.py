"""Controllers evolved by CMA-ES."""
