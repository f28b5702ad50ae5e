"""The settings that name a Gymnasium environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class RealEnvConfig:
    """The environment.

    Attributes:
        id: of a registered environment with vector observations.
        kwargs: what it is made with, such as env.kwargs.g=3.5 of Pendulum-v1.
    """

    id: str
    kwargs: dict[str, Any] = field(default_factory=dict)
