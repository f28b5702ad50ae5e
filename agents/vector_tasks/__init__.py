"""Controllers in the real environment that a vector world model is of: collected and judged."""
