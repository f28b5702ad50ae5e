"""HumanWM: simulated people for decision agents.

Importing this package registers `HumanWM-v0` (the dream), `HumanWMSim-v0` (the
ground-truth simulator), `HumanWMReplay-v0` (the logs) and `HumanWM-MO-v0`.
"""

from typing import TYPE_CHECKING

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    HumanWMError,
    InvalidActionError,
    ResetNeededError,
)
from human_wm_env.lazy_names import lazy_names
from human_wm_env.person.history import History
from human_wm_env.registration import Dataset, register_ids

if TYPE_CHECKING:
    from human_wm_env.data.importers.daily_csv import read_daily_csv
    from human_wm_env.envs.env import Env
    from human_wm_env.envs.vector_env import VectorEnv
    from human_wm_env.futures import Futures, imagine_futures, imagine_population
    from human_wm_env.people.embedded import EmbeddedConfig, EmbeddedPeople, load_embedded
    from human_wm_env.person.rendering import fan_chart
    from human_wm_env.person_context import PersonContext, VectorPersonContext
    from human_wm_env.runtime.world_model import WorldModelRuntime, load_world_model
    from human_wm_env.worlds.world import Transition, World
else:
    __getattr__, __dir__ = lazy_names(__name__, __file__)

__all__ = [
    "CheckpointError",
    "ConfigError",
    "DataError",
    "Dataset",
    "EmbeddedConfig",
    "EmbeddedPeople",
    "Env",
    "Futures",
    "History",
    "HumanWMError",
    "InvalidActionError",
    "LogDataset",
    "PersonContext",
    "ResetNeededError",
    "Transition",
    "VectorEnv",
    "VectorPersonContext",
    "World",
    "WorldModelRuntime",
    "fan_chart",
    "imagine_futures",
    "imagine_population",
    "load_embedded",
    "load_world_model",
    "read_daily_csv",
]

register_ids()
