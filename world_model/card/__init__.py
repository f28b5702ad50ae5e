"""The model card: what a trained world model is worth, measured on held-out people."""
