"""Train any algorithm of stable-baselines3 on many slots at once."""

from __future__ import annotations

import contextlib

import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.logger import KVWriter, Logger
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm

from agents.env_config import AnyEnvConfig, EnvConfig, make_vector_env
from agents.planning.best_constant import warm_start
from agents.sb3.algorithms import Recipe, picks_of
from agents.sb3.callbacks import CurveWriter, Measurement, ProgressReport, StateKeeper
from agents.sb3.hyperparameters import SB3Config
from agents.sb3.policy import PolicyAgent
from agents.sb3.state import State, restore
from agents.sb3.vec_env import SB3VecEnv
from agents.torch_threads import torch_threads
from agents.training_session import Session
from agents.training_state import kept_state, training_settings
from human_wm_env.errors import CheckpointError, ConfigError, HumanWMError, TrainingError

# Of a curve, for algorithms that update after every few days.
MOST_POINTS = 40
_OTHER_SETTINGS = (
    *(ValueError, RuntimeError, LookupError, TypeError, AttributeError, ArithmeticError),
    HumanWMError,
)


def train_sb3(
    recipe: Recipe, config: SB3Config, env: AnyEnvConfig, session: Session
) -> PolicyAgent:
    """Train an algorithm in an environment; the same seed gives the same weights.

    SB3 seeds the global generators of Python, NumPy and Torch with `config.seed`. A resumed
    training repeats the one that was never interrupted; see `state` for the exceptions.

    Args:
        recipe: the algorithm.
        config: its settings.
        env: of the environment.
        session: curves, progress, state.

    Raises:
        CheckpointError: the state to go on from is of other settings.
        ConfigError: a warm start in a world that has none.
    """
    vector = make_vector_env(
        env, config.slots, autoreset=AutoresetMode.SAME_STEP, dataset=session.dataset
    )
    with (
        contextlib.closing(SB3VecEnv(vector, bootstrap=config.bootstrap)) as venv,
        torch_threads(config.threads),
    ):
        picks = getattr(getattr(vector.unwrapped, "world", None), "action_picks", {})
        algorithm = recipe.make(config, venv, picks)
        writers: list[KVWriter] = [] if session.logger is None else [CurveWriter(session.logger)]
        algorithm.set_logger(Logger(None, writers))
        settings = training_settings(config, env, session.dataset)
        kept = kept_state(settings, session)
        if kept is not None:
            _go_on(algorithm, kept, config, venv)
            session.report(algorithm.num_timesteps)
        elif config.warm_start:
            if not isinstance(env, EnvConfig) or env.nudged:
                raise ConfigError(
                    "warm_start=0 in a world whose actions are not days of people",
                    f"warm_start={config.warm_start} in {env.id}",
                    "The search for the best constant day needs them.",
                )
            action = warm_start(env, config.warm_start, config.seed, session.dataset)
            recipe.begin_at(algorithm.policy, action)

        def so_far() -> PolicyAgent:
            return _agent(recipe, algorithm, config, env)

        keep = StateKeeper(session, settings, venv, so_far)
        measurement = Measurement(session, so_far)
        left = config.whole_steps - algorithm.num_timesteps
        if left > 0:
            try:
                algorithm.learn(
                    left,
                    callback=[ProgressReport(session, algorithm.num_timesteps), keep, measurement],
                    log_interval=_log_interval(algorithm, config),
                    reset_num_timesteps=algorithm.num_timesteps == 0,
                )
            except ValueError as error:  # of torch's distributions
                if "invalid values" not in str(error):
                    raise
                raise TrainingError(
                    "finite actions of the policy",
                    f"NaN or infinity after {algorithm.num_timesteps} days",
                    "Lower the learning rate, or start anew with run.overwrite=true.",
                ) from error
            measurement.measure()
        keep.save()
    return PolicyAgent(recipe.name, algorithm.policy, config, env)


def _agent(
    recipe: Recipe, algorithm: BaseAlgorithm, config: SB3Config, env: AnyEnvConfig
) -> PolicyAgent:
    """Return an agent whose nets the training leaves alone; its noise goes on as without it."""
    policy = algorithm.policy
    with torch.random.fork_rng(devices=[]):
        copied = recipe.build_policy(
            policy.observation_space, policy.action_space, config, picks_of(policy)
        )
    copied.load_state_dict(policy.state_dict())
    return PolicyAgent(recipe.name, copied, config, env)


def _go_on(algorithm: BaseAlgorithm, state: State, config: SB3Config, venv: SB3VecEnv) -> None:
    try:
        goes_on = restore(algorithm, venv, state)
    except _OTHER_SETTINGS as error:
        raise CheckpointError(
            "the state of a training with the same settings",
            " ".join(str(error).split())[:300],
            "Resume with the run's own settings, or start anew with run.overwrite=true.",
        ) from error
    if goes_on:
        return
    # New episodes, other ones than those that the training began with.
    seed = np.random.SeedSequence([config.seed, algorithm.num_timesteps]).generate_state(1)[0]
    venv.seed(int(seed))


def _log_interval(algorithm: BaseAlgorithm, config: SB3Config) -> int:
    """Return SB3's interval: episodes for off-policy algorithms, rollouts for the others."""
    if isinstance(algorithm, OffPolicyAlgorithm):
        return int(config.slots)
    return max(1, config.whole_steps // config.days_per_update // MOST_POINTS)
