"""Agents for people: training with stable-baselines3, baselines, and honest evaluation."""
