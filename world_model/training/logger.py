"""How training reports: a protocol that scripts hand a TensorBoard writer to."""

from __future__ import annotations

from typing import Protocol


class Logger(Protocol):
    """Receives named numbers."""

    def scalar(self, name: str, value: float, step: int) -> None:
        """Record one number."""
        ...


class SilentLogger:
    """Records nothing."""

    def scalar(self, name: str, value: float, step: int) -> None:
        """Drop the number."""
