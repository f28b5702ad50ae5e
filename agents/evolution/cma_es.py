"""CMA-ES on a small controller, as in "World models"; a population is one batch of people."""

from __future__ import annotations

import contextlib

import cma  # type: ignore[import-untyped]
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

from agents.actor.hybrid_head import HybridHead
from agents.env_config import AnyEnvConfig, EnvConfig, Vector, make_vector_env
from agents.episode_starts import SeededStarts, Starts, spread_starts
from agents.evolution.controller import ControllerAgent, ControllerShape, load_controller
from agents.evolution.hyperparameters import HYBRID, CMAESConfig
from agents.planning.best_constant import warm_start
from agents.protocol import Plain
from agents.rollout import run_to_the_end
from agents.tensor_tree import check_like
from agents.training_session import Session
from agents.training_state import keep_state, kept_state, training_settings
from human_wm_env.errors import CheckpointError, ConfigError, did_you_mean

# From here on the covariance matrix costs more than the episodes, and learns too slowly.
LARGEST_FULL_COVARIANCE = 250


def days_of(config: CMAESConfig, env: AnyEnvConfig) -> int:
    """Return the days that a training simulates, if no episode ends early."""
    return config.generations * config.population * config.episodes * env.horizon


class Evolution:
    """One run of CMA-ES whose randomness is its own, so that it can be replayed.

    Its state is the history of its returns: the same settings and the same values
    give the same members, exactly. Replaying a history costs no episodes.

    Args:
        first: float (parameters,), where the search begins.
        config: settings.

    Source: Hansen 2016, "The CMA evolution strategy: a tutorial"; the diagonal form for
        many parameters is Ros & Hansen 2008.
    """

    def __init__(self, first: np.ndarray, config: CMAESConfig) -> None:
        rng = np.random.default_rng(np.random.SeedSequence([config.seed, 3]))
        self.returns: list[np.ndarray] = []
        self._strategy = cma.CMAEvolutionStrategy(
            first,
            config.sigma,
            {
                "popsize": config.population,
                "CMA_diagonal": len(first) > LARGEST_FULL_COVARIANCE,
                "randn": lambda *shape: rng.standard_normal(shape),
                "seed": np.nan,  # leave NumPy's global generator alone
                "verbose": -9,
            },
        )

    def ask(self) -> np.ndarray:
        """Return the next population, float (members, parameters)."""
        self._members = self._strategy.ask()
        return np.array(self._members)

    def tell(self, returns: np.ndarray) -> None:
        """Move the distribution towards the members with the higher returns."""
        self.returns.append(np.asarray(returns, dtype=np.float64))
        self._strategy.tell(self._members, (-self.returns[-1]).tolist())

    def replay(self, history: np.ndarray) -> None:
        """Go through a kept history again: float (generations, members)."""
        for returns in history:
            self.ask()
            self.tell(returns)

    @property
    def mean(self) -> np.ndarray:
        """The mean of the distribution: with noisy returns better than any single member."""
        return np.array(self._strategy.mean)

    @property
    def sigma(self) -> float:
        """The overall step size."""
        return float(self._strategy.sigma)


def train_cma_es(config: CMAESConfig, env: AnyEnvConfig, session: Session) -> ControllerAgent:
    """Evolve a controller; the same seed gives the same parameters, resumed or not.

    Args:
        config: of the algorithm.
        env: of the environment.
        session: curves, progress, state.

    Raises:
        CheckpointError: the state to go on from is of other settings.
        ConfigError: a warm start in a world that has none; `begin_with` is no such agent.
    """
    slots, dataset = config.population * config.episodes, session.dataset
    same_length = isinstance(env, EnvConfig)
    mode = AutoresetMode.DISABLED if same_length else AutoresetMode.NEXT_STEP
    made = make_vector_env(env, slots, autoreset=mode, dataset=dataset)
    with contextlib.closing(made) as vector:
        shape = _shape_for(vector, config)
        settings = training_settings(config, env, dataset)
        kept = kept_state(settings, session)
        if kept is not None:
            _check_state(kept, config, shape)
        first = _first_action(shape, config, env, session) if kept is None else kept["first_action"]
        evolution = Evolution(_begin(shape, first, config), config)
        if kept is not None:
            evolution.replay(kept["told"])
        per_generation = days_of(config, env) // config.generations
        session.report(len(evolution.returns) * per_generation)
        unkept = 0

        def so_far() -> ControllerAgent:
            return ControllerAgent(shape, evolution.mean, config, env)

        def measure() -> None:
            if session.measure is not None:
                session.measure(so_far, len(evolution.returns) * per_generation)

        measure()
        while len(evolution.returns) < config.generations:
            _generation(evolution, shape, config, env, vector, session)
            session.report(per_generation)
            unkept += per_generation
            last = len(evolution.returns) == config.generations
            if last or (session.checkpoint_days and unkept >= session.checkpoint_days):
                state = {"first_action": first, "told": np.stack(evolution.returns)}
                keep_state(state, settings, session)
                if session.snapshot is not None:
                    session.snapshot(so_far(), len(evolution.returns) * per_generation)
                unkept = 0
            measure()
    return so_far()


def _check_state(kept: Plain, config: CMAESConfig, shape: ControllerShape) -> None:
    try:
        told = kept["told"]
        check_like(kept["first_action"], np.zeros(shape.action_width, np.float32), "first_action")
        check_like(told, np.zeros((len(told), config.population)), "told")
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            "a state of CMA-ES", f"{error}", "Start anew with run.overwrite=true."
        ) from error


def _generation(
    evolution: Evolution,
    shape: ControllerShape,
    config: CMAESConfig,
    env: AnyEnvConfig,
    vector: Vector,
    session: Session,
) -> None:
    number = len(evolution.returns)
    members = evolution.ask()
    seed = int(np.random.SeedSequence([config.seed, 4, number]).generate_state(1)[0])
    starts: Starts = (
        spread_starts(env, episodes=config.episodes, seed=seed, dataset=session.dataset)
        if isinstance(env, EnvConfig)
        else SeededStarts.of(config.episodes, seed)
    )
    tiled = starts.part(np.tile(np.arange(len(starts)), config.population))
    episodes = run_to_the_end(vector, tiled, lambda seen: shape.act(members, seen))
    returns, components = episodes.returns, episodes.components
    evolution.tell(returns.reshape(config.population, -1).mean(axis=1))
    if session.logger is not None:
        day = (number + 1) * len(tiled) * env.horizon
        curves = {
            "rollout/ep_rew_mean": returns.mean(),
            "cma_es/best_member": evolution.returns[-1].max(),
            "cma_es/sigma": evolution.sigma,
            **{f"components/{name}": values.mean() for name, values in components.items()},
        }
        for name, value in curves.items():
            session.logger.scalar(name, float(value), day)


def _shape_for(vector: Vector, config: CMAESConfig) -> ControllerShape:
    seen, acted = vector.single_observation_space.shape, vector.single_action_space
    assert seen is not None
    read = slice(0, seen[0]) if config.part is None else _part(vector, config.part)
    discrete = isinstance(acted, spaces.Discrete)
    outputs = int(acted.n) if isinstance(acted, spaces.Discrete) else (acted.shape or (0,))[0]
    picks: dict[int, int] = {}
    if config.head == HYBRID:
        head = HybridHead.of(vector)
        if not head.picks:
            raise ConfigError(
                "a world that says which entries of an action pick a category",
                f"head=hybrid with {acted}",
                "Leave agent.head=bins.",
            )
        outputs, picks = head.outputs, dict(head.picks)
    return ControllerShape(
        read.stop - read.start,
        config.hidden,
        outputs,
        discrete=discrete,
        width=seen[0],
        first=read.start,
        picks=picks,
    )


def _part(vector: Vector, name: str) -> slice:
    parts = getattr(getattr(vector.unwrapped, "world", None), "observation_parts", {})
    if name not in parts:
        raise ConfigError(
            "the name of a part of the observation", repr(name), did_you_mean(name, list(parts))
        )
    return parts[name]


def _begin(shape: ControllerShape, first_action: np.ndarray, config: CMAESConfig) -> np.ndarray:
    """Return the parameters that the search begins with, float (parameters,)."""
    if config.begin_with is None:
        return shape.around(first_action)
    earlier = load_controller(config.begin_with)
    if earlier.shape != shape:
        raise ConfigError(
            f"a controller in begin_with of {shape}",
            f"one of {earlier.shape}",
            "Give another folder, or repeat the settings of that agent.",
        )
    return earlier.parameters


def _first_action(
    shape: ControllerShape, config: CMAESConfig, env: AnyEnvConfig, session: Session
) -> np.ndarray:
    if config.warm_start == 0:
        return np.zeros(shape.action_width, dtype=np.float32)
    if not isinstance(env, EnvConfig):
        raise ConfigError(
            "warm_start=0 in a world that is not of people",
            f"warm_start={config.warm_start} in {env.id}",
            "The search for the best constant day needs people.",
        )
    return warm_start(env, config.warm_start, config.seed, session.dataset)
