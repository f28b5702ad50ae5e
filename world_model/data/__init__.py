"""Logs as net inputs."""
