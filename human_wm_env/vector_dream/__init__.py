"""Learned worlds of any Gymnasium environment with vector observations: data, model, dream."""
