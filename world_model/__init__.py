"""The world model in MLX: trained offline, exported to the runtime's checkpoint."""

from typing import TYPE_CHECKING

from human_wm_env.lazy_names import lazy_names
from world_model.nets import fast_blas

if TYPE_CHECKING:
    from human_wm_env.model.architecture import Architecture
    from world_model.audit import Audit, AuditConfig, verdict, verdict_of
    from world_model.audit import audit as audit_logs
    from world_model.card.card import make_card
    from world_model.card.config import CardConfig
    from world_model.card.held_out_days import HeldOutConfig, judge_held_out
    from world_model.card.held_out_scores import HeldOutScores
    from world_model.card.results import Card
    from world_model.card.uniform_logs import UniformMeasures
    from world_model.card.uniform_logs import measure as measure_no_structure
    from world_model.differentiable_worlds.world_of import differentiable
    from world_model.pretrained import Pretrained, pretrain
    from world_model.training.config import StageConfig, TrainingConfig
else:
    __getattr__, __dir__ = lazy_names(__name__, __file__)

__all__ = [
    "Architecture",
    "Audit",
    "AuditConfig",
    "Card",
    "CardConfig",
    "HeldOutConfig",
    "HeldOutScores",
    "Pretrained",
    "StageConfig",
    "TrainingConfig",
    "UniformMeasures",
    "audit_logs",
    "differentiable",
    "judge_held_out",
    "make_card",
    "measure_no_structure",
    "pretrain",
    "verdict",
    "verdict_of",
]

FAST_BLAS = fast_blas.enable()
