"""Worlds: batched, functional models of something that can be stepped."""
