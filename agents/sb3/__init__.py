"""Agents trained with stable-baselines3 and sb3-contrib."""
