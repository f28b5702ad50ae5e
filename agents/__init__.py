"""Agents for people: training with stable-baselines3, baselines, and evaluation."""

from typing import TYPE_CHECKING

from human_wm_env.lazy_names import lazy_names

if TYPE_CHECKING:
    from agents.backprop.settings import BackpropConfig
    from agents.baselines import ConstantAgent, HabitAgent, HabitConfig, RandomAgent, RandomConfig
    from agents.distillation.settings import DistilledConfig
    from agents.env_config import EnvConfig, GymEnvConfig, make_vector_env
    from agents.evaluation.bootstrap_intervals import Bootstrap
    from agents.evaluation.evaluate import Evaluation, evaluate, load_agents
    from agents.evaluation.off_policy import OffPolicyConfig
    from agents.evaluation.other_worlds import judge, references_of
    from agents.evaluation.settings import EvaluationConfig
    from agents.evolution.hyperparameters import CMAESConfig
    from agents.planning.best_constant import BestConstantConfig, SearchConfig
    from agents.planning.cross_entropy import CrossEntropyConfig
    from agents.planning.dream_planner import ImaginingPlanner, ImaginingPlannerConfig
    from agents.planning.model_predictive_control import PlannerConfig
    from agents.planning.oracle_planner import OracleConfig, OraclePlanner
    from agents.planning.residual_planner import ResidualPlanner, ResidualPlannerConfig
    from agents.protocol import Agent
    from agents.registry import train_agent
    from agents.saving import load_agent, save_agent
    from agents.sb3.hyperparameters import (
        A2CConfig,
        PPOConfig,
        RecurrentPPOConfig,
        SACConfig,
        TD3Config,
    )
    from agents.sb3.unsafe_zip import load_sb3_zip
    from agents.sb3.vec_env import SB3VecEnv
    from agents.training_session import Session
    from agents.transformer.settings import (
        CurriculumConfig,
        PlanningConfig,
        ReinforceConfig,
        TransformerPPOConfig,
    )
else:
    __getattr__, __dir__ = lazy_names(__name__, __file__)

__all__ = [
    "A2CConfig",
    "Agent",
    "BackpropConfig",
    "BestConstantConfig",
    "Bootstrap",
    "CMAESConfig",
    "ConstantAgent",
    "CrossEntropyConfig",
    "CurriculumConfig",
    "DistilledConfig",
    "EnvConfig",
    "Evaluation",
    "EvaluationConfig",
    "GymEnvConfig",
    "HabitAgent",
    "HabitConfig",
    "ImaginingPlanner",
    "ImaginingPlannerConfig",
    "OffPolicyConfig",
    "OracleConfig",
    "OraclePlanner",
    "PPOConfig",
    "PlannerConfig",
    "PlanningConfig",
    "RandomAgent",
    "RandomConfig",
    "RecurrentPPOConfig",
    "ReinforceConfig",
    "ResidualPlanner",
    "ResidualPlannerConfig",
    "SACConfig",
    "SB3VecEnv",
    "SearchConfig",
    "Session",
    "TD3Config",
    "TransformerPPOConfig",
    "evaluate",
    "judge",
    "load_agent",
    "load_agents",
    "load_sb3_zip",
    "make_vector_env",
    "references_of",
    "save_agent",
    "train_agent",
]
