"""Distil the planner that imagines into an actor, on the days that the actor comes to itself.

Source: Ross, Gordon & Bagnell 2011, "A reduction of imitation learning and structured prediction to
    no-regret online learning" (DAgger).
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from functools import partial
from typing import Any, cast

import mlx.core as mx
import mlx.optimizers as optim
import numpy as np
from gymnasium.vector import AutoresetMode

from agents.actor.actor_agent import ActorAgent
from agents.actor.hybrid_head import HybridHead
from agents.actor.mlx_activations import ACTIVATIONS
from agents.actor.net import NetShape, outputs_of
from agents.distillation.settings import DistilledConfig
from agents.env_config import EnvConfig, Vector, make_vector_env
from agents.episode_starts import spread_starts
from agents.nudge.planner import NudgePlanner, NudgePlannerConfig
from agents.planning.dream_planner import ImaginingPlanner
from agents.training_session import Session
from agents.training_state import keep_state, kept_state, training_settings
from human_wm_env.envs.vector_env import VectorEnv


def train_distilled(config: DistilledConfig, env: EnvConfig, session: Session) -> ActorAgent:
    """Distil the planner; the same seed gives the same weights, resumed or not.

    After each round a new net learns from all days so far: these are all that a resumed training
    needs.

    Args:
        config: settings.
        env: of the environment.
        session: curves, progress, state.

    Raises:
        CheckpointError: the state to go on from is of other settings.
    """
    # People who are nudged may quit before the others: they wait for these.
    autoreset = AutoresetMode.NEXT_STEP if env.nudged else AutoresetMode.DISABLED
    made = make_vector_env(env, config.episodes, autoreset=autoreset, dataset=session.dataset)
    with contextlib.closing(made) as vector:
        imitation = _Imitation(config, env, vector)
        settings = training_settings(config, env, session.dataset)
        kept: Any = kept_state(settings, session)
        if kept is not None:
            imitation.seen, imitation.shown = list(kept["seen"]), list(kept["shown"])
        planner = _planner(config, env)
        planner.enter(cast(VectorEnv, vector.unwrapped))
        per_round = config.episodes * env.horizon
        session.report(len(imitation.seen) * per_round)
        actor = imitation.learned() if imitation.seen else None
        while len(imitation.seen) < config.rounds:
            number = len(imitation.seen)
            earned = _collect(config, env, session, vector, planner, actor, imitation)
            actor = imitation.learned()
            keep_state({"seen": imitation.seen, "shown": imitation.shown}, settings, session)
            days = (number + 1) * per_round
            if session.logger is not None:
                for name, value in {"rollout/ep_rew_mean": earned, **imitation.curves}.items():
                    session.logger.scalar(name, value, days)
            if session.snapshot is not None and number + 1 < config.rounds:
                session.snapshot(actor, days)
            if session.measure is not None:
                session.measure(partial(_given, actor), days)
        assert actor is not None
        return actor


def _planner(config: DistilledConfig, env: EnvConfig) -> ImaginingPlanner | NudgePlanner:
    if env.nudged:
        planner = NudgePlannerConfig(config.planner, env.world_model)
        return NudgePlanner(planner, env.reward_weights, env.pessimism)
    return ImaginingPlanner(
        config.planner,
        world_model=env.world_model,
        reward_weights=env.reward_weights,
        pessimism=env.pessimism,
    )


def _given(actor: ActorAgent) -> ActorAgent:
    return actor


def _collect(
    config: DistilledConfig,
    env: EnvConfig,
    session: Session,
    vector: Vector,
    planner: ImaginingPlanner | NudgePlanner,
    actor: ActorAgent | None,
    imitation: _Imitation,
) -> float:
    """Run a round of episodes, and keep observations and what the planner would have done."""
    number = len(imitation.seen)
    seed = int(np.random.SeedSequence([config.seed, 9, number]).generate_state(1)[0])
    starts = spread_starts(env, episodes=config.episodes, seed=seed, dataset=session.dataset)
    observed, _ = vector.reset(**starts.reset_arguments())
    planner.reset(config.episodes)
    seen, shown, earned = [], [], 0.0
    alive = np.ones(config.episodes, dtype=bool)
    for _ in range(env.horizon):
        advice = planner.act(observed)
        seen.append(observed[alive])
        shown.append(advice[alive])
        acted = advice if actor is None else actor.act(observed)
        observed, reward, terminated, truncated, _ = vector.step(acted)
        earned += float((alive * reward).mean())
        alive &= ~(terminated | truncated)
        session.report(config.episodes)
    imitation.seen.append(np.concatenate(seen))
    imitation.shown.append(np.concatenate(shown))
    return earned


class _Imitation:
    """What is learned from: days seen and what the planner would do on them, by round.

    Args:
        config: settings.
        env: of the environment.
        vector: the environment.
    """

    def __init__(self, config: DistilledConfig, env: EnvConfig, vector: Vector) -> None:
        self.config, self.env = config, env
        self.head = HybridHead.of(vector)
        shape = vector.single_observation_space.shape
        assert shape is not None
        sizes = (shape[0], config.width, config.layers, self.head.outputs)
        self.shape = NetShape(*sizes, config.activation)
        self.seen: list[np.ndarray] = []
        self.shown: list[np.ndarray] = []
        self.curves: dict[str, float] = {}

    def learned(self) -> ActorAgent:
        """Return an actor that learned from all days so far."""
        config = self.config
        rng = np.random.default_rng(np.random.SeedSequence([config.seed, 10, len(self.seen)]))
        weights = {n: mx.array(w) for n, w in self.shape.first_weights(rng).items()}
        seen, shown = np.concatenate(self.seen), np.concatenate(self.shown)
        amounts, picked = self.head.parts(shown)
        batches = max(1, len(seen) // config.batch_size)
        rate = optim.cosine_decay(config.learning_rate, config.passes * batches)
        optimiser = optim.AdamW(rate, weight_decay=config.weight_decay)
        activation = ACTIVATIONS[config.activation]

        def loss(weights: dict[str, mx.array], rows: np.ndarray) -> mx.array:
            outputs = outputs_of(weights, mx.array(seen[rows]), activation)
            apart = mx.tanh(outputs[:, : self.head.amounts]) - mx.array(amounts[rows])
            total = config.amount_weight * apart.square().sum(axis=1).mean()
            for part, chosen in zip(self.head.logits, picked, strict=True):
                logits = outputs[:, part]
                likely = mx.take_along_axis(logits, mx.array(chosen[rows])[:, None], axis=1)
                total = total + (mx.logsumexp(logits, axis=1) - likely[:, 0]).mean()
            return total

        for _ in range(config.passes):
            order, found = rng.permutation(len(seen)), []
            for rows in np.array_split(order, batches):
                value, gradient = mx.value_and_grad(loss)(weights, rows)
                gradient, _ = optim.clip_grad_norm(gradient, 1.0)
                weights = optimiser.apply_gradients(gradient, weights)
                mx.eval(weights, optimiser.state, value)
                found.append(float(value))
        self.curves = {"train/loss": float(np.mean(found))}
        arrays = {name: np.array(value) for name, value in weights.items()}
        return ActorAgent("distilled", self.head, self.shape, arrays, asdict(config), self.env)
