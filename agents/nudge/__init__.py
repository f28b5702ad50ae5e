"""Agents that send nudges: fixed rules, a bandit, and planners that imagine what comes of them."""
