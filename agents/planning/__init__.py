"""Agents that plan, and the search that they share."""
