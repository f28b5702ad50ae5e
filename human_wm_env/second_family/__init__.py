"""Simulated people of other equations than `people/`, drawn by seed: for judging models only."""
