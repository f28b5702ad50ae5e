"""HumanWM: simulated people for decision agents.

Importing this package registers `HumanWM-v0` (the dream), `HumanWMSim-v0` (the
ground-truth simulator), `HumanWMReplay-v0` (the logs), `HumanWM-MO-v0`, and
`HumanWMNudge-v0` and `HumanWMNudgeSim-v0`, where people are nudged.
"""

from typing import TYPE_CHECKING

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    HumanWMError,
    InvalidActionError,
    LogWarning,
    MissingExtraError,
    ResetNeededError,
    TrainingError,
    UnknownArgumentError,
)
from human_wm_env.lazy_names import lazy_names
from human_wm_env.person.history import History
from human_wm_env.registration import register_ids

if TYPE_CHECKING:
    from human_wm_env.counterfactual.answer import WhatIf
    from human_wm_env.counterfactual.figure import effect_chart
    from human_wm_env.counterfactual.what_if import what_if
    from human_wm_env.data.importers.daily_csv import Imported, read_daily_csv
    from human_wm_env.data.importers.import_report import ImportReport
    from human_wm_env.data.minari_logs import read_minari, write_minari
    from human_wm_env.data.never_logged import NeverLogged, NeverLoggedWarning, never_logged
    from human_wm_env.envs.env import Env
    from human_wm_env.envs.vector_env import VectorEnv
    from human_wm_env.exports.import_logs import ImportedLogs, import_logs, write_logs
    from human_wm_env.futures import Futures, imagine_futures, imagine_population
    from human_wm_env.people.embedded import Dataset, EmbeddedConfig, EmbeddedPeople, load_embedded
    from human_wm_env.person.fan_chart import fan_chart
    from human_wm_env.person.raw_days import decode_day, decode_observation, encode_day
    from human_wm_env.person_context import PersonContext, VectorPersonContext
    from human_wm_env.random_streams import Stream, draw_noise
    from human_wm_env.runtime.world_model import ModelSource, WorldModelRuntime, load_world_model
    from human_wm_env.worlds.starts import PersonStart
    from human_wm_env.worlds.world import Transition, World
else:
    __getattr__, __dir__ = lazy_names(__name__, __file__)

__version__ = "0.1.0"

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
    "ImportReport",
    "Imported",
    "ImportedLogs",
    "InvalidActionError",
    "LogDataset",
    "LogWarning",
    "MissingExtraError",
    "ModelSource",
    "NeverLogged",
    "NeverLoggedWarning",
    "PersonContext",
    "PersonStart",
    "ResetNeededError",
    "Stream",
    "TrainingError",
    "Transition",
    "UnknownArgumentError",
    "VectorEnv",
    "VectorPersonContext",
    "WhatIf",
    "World",
    "WorldModelRuntime",
    "__version__",
    "decode_day",
    "decode_observation",
    "draw_noise",
    "effect_chart",
    "encode_day",
    "fan_chart",
    "imagine_futures",
    "imagine_population",
    "import_logs",
    "load_embedded",
    "load_world_model",
    "never_logged",
    "read_daily_csv",
    "read_minari",
    "what_if",
    "write_logs",
    "write_minari",
]

register_ids()
