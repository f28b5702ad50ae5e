"""Paired evaluation: the same people, days and seeds for every agent in every world."""
