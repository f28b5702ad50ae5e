"""Paired futures of one person: their own habit with and without a change, and how sure that is."""
