"""Symbolic worlds: small, exact tasks that differ in what prediction and memory are worth."""
