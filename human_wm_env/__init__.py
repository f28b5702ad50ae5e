"""HumanWM: simulated people for decision agents.

Importing this package registers `HumanWM-v0` (the dream), `HumanWMSim-v0` (the
ground-truth simulator), `HumanWMReplay-v0` (the logs) and `HumanWM-MO-v0`.
"""

from human_wm_env.dataset import History, LogDataset
from human_wm_env.envs.registration import register_ids
from human_wm_env.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    HumanWMError,
    InvalidActionError,
    ResetNeededError,
)

__all__ = [
    "CheckpointError",
    "ConfigError",
    "DataError",
    "History",
    "HumanWMError",
    "InvalidActionError",
    "LogDataset",
    "ResetNeededError",
]

register_ids()
