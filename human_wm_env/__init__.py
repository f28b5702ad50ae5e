"""HumanWM: simulated people for decision agents.

Importing this package registers `HumanWM-v0` (the dream), `HumanWMSim-v0` (the
ground-truth simulator), `HumanWMReplay-v0` (the logs) and `HumanWM-MO-v0`.
"""

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    HumanWMError,
    InvalidActionError,
    ResetNeededError,
)
from human_wm_env.person.history import History
from human_wm_env.registration import register_ids

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
