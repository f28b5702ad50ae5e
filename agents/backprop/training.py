"""Train an actor by the gradient of the dream's return with respect to its weights.

Source: Heess et al. 2015, "Learning continuous control policies by stochastic value gradients";
    Xu et al. 2022, "Accelerated policy learning with parallel differentiable simulation" (windows
    and their value net); Hafner et al. 2020, "Dream to control".
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from typing import Any, cast

import mlx.core as mx
import mlx.optimizers as optim
import numpy as np
from gymnasium.vector import AutoresetMode
from mlx.utils import tree_map

from agents.actor.actor_agent import ActorAgent
from agents.actor.hybrid_head import HybridHead
from agents.actor.mlx_activations import ACTIVATIONS
from agents.actor.net import NetShape, outputs_of
from agents.backprop.settings import BackpropConfig
from agents.differentiable_world import DifferentiableWorld
from agents.env_config import AnyEnvConfig, Vector, make_vector_env
from agents.tensor_tree import check_like
from agents.training_session import Session
from agents.training_state import keep_state, kept_state, training_settings
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import CheckpointError, ConfigError, TrainingError
from human_wm_env.random_streams import Stream

Weights = dict[str, mx.array]


def train_backprop(config: BackpropConfig, env: AnyEnvConfig, session: Session) -> ActorAgent:
    """Train an actor; the same seed gives the same weights, resumed or not.

    Args:
        config: settings.
        env: of the environment.
        session: curves, progress, state, and what steps the environment in MLX.

    Raises:
        CheckpointError: the state to go on from is of other settings.
        ConfigError: nothing steps the environment in MLX.
    """
    if session.differentiable is None:
        raise ConfigError(
            "a session that steps the environment in MLX: Session(differentiable=...)",
            "none",
            "Give `world_model.differentiable`, as `humanwm train` does.",
        )
    made = make_vector_env(env, 1, autoreset=AutoresetMode.NEXT_STEP, dataset=session.dataset)
    with contextlib.closing(made) as vector:
        trainer = Trainer(config, env, vector, session.differentiable(vector))
        settings = training_settings(config, env, session.dataset)
        kept = kept_state(settings, session)
        if kept is not None:
            trainer.restore(kept)
            session.report(trainer.days)
        per_update = config.slots * trainer.horizon
        every = max(1, session.checkpoint_days // per_update)

        def measure() -> None:
            if session.measure is not None:
                session.measure(trainer.agent, trainer.days)

        measure()
        while trainer.update < config.steps:
            curves = trainer.train_once()
            session.report(per_update)
            if session.logger is not None:
                for name, value in curves.items():
                    session.logger.scalar(name, value, trainer.days)
            last = trainer.update == config.steps
            if last or (session.checkpoint_days and trainer.update % every == 0):
                keep_state(trainer.state(), settings, session)
                if session.snapshot is not None and not last:
                    session.snapshot(trainer.agent(), trainer.days)
            measure()
        return trainer.agent()


class Trainer:
    """One training: actor, value net, optimisers and the number of updates.

    Args:
        config: settings.
        env: of the environment.
        vector: the environment; it says where episodes begin, and is never stepped.
        world: steps it in MLX.
    """

    def __init__(
        self,
        config: BackpropConfig,
        env: AnyEnvConfig,
        vector: Vector,
        world: DifferentiableWorld,
    ) -> None:
        self.config, self.env, self.world = config, env, world
        self.head = HybridHead.of(vector)
        played = cast(VectorEnv, vector.unwrapped).world
        self.horizon = played.horizon
        self.update = 0
        rng = np.random.default_rng(np.random.SeedSequence([config.seed, 7]))
        pick = np.random.default_rng(np.random.SeedSequence([config.seed, 9]))
        self._starts = [played.draw_start(pick) for _ in range(config.starts)]
        seen = vector.single_observation_space.shape
        assert seen is not None
        size = (seen[0], config.width, config.layers)
        self.activation = ACTIVATIONS[config.activation]
        self.shape = NetShape(*size, self.head.outputs, config.activation)
        self.actor = _as_weights(self.shape.first_weights(rng))
        value = NetShape(*size, 1, config.activation)
        self.value = _as_weights(value.first_weights(rng))
        self.windows = -(-self.horizon // config.window)
        rate = optim.cosine_decay(config.learning_rate, config.steps * self.windows)
        self._optimisers = {
            "actor": optim.Adam(learning_rate=rate),
            "value": optim.Adam(learning_rate=config.value_rate),
        }
        self._optimisers["actor"].init(self.actor)
        self._optimisers["value"].init(self.value)

    @property
    def days(self) -> int:
        """Days simulated so far."""
        return self.update * self.config.slots * self.horizon

    def train_once(self) -> dict[str, float]:
        """Live an episode of every slot, and learn from each of its windows; return the curves."""
        config = self.config
        seed = int(np.random.SeedSequence([config.seed, 8, self.update]).generate_state(1)[0])
        rng = np.random.default_rng(seed)
        keys = [(seed, slot, 0) for slot in range(config.slots)]
        chosen = rng.choice(config.starts, config.slots, replace=config.starts < config.slots)
        starts = [self._starts[index] for index in chosen]
        state, seen = self.world.reset(starts, [Stream(key, key) for key in keys])
        alive, total = mx.ones(config.slots), 0.0
        norms: list[float] = []
        for first in range(0, self.horizon, config.window):
            days = min(config.window, self.horizon - first)
            window = Window(self, state, seen, alive, days, first + days < self.horizon)
            noise = rng.gumbel(size=(days, config.slots, sum(self.head.categories)))
            loss = mx.value_and_grad(window.loss)
            _, gradient = loss(self.actor, mx.array(noise.astype(np.float32)))
            gradient, norm = optim.clip_grad_norm(gradient, config.max_grad_norm)
            self.actor = self._optimisers["actor"].apply_gradients(gradient, self.actor)
            earned = window.returns.mean()
            mx.eval(self.actor, self._optimisers["actor"].state, earned, norm)
            norms.append(float(norm))
            total += float(earned)
            if self.windows > 1:
                self._learn_values(window)
                state, seen, alive = window.state, window.seen[-1], window.alive[-1]
        if not np.isfinite(norms).all():
            raise TrainingError(
                "finite gradients",
                f"NaN or infinity in update {self.update}",
                "Lower the learning rate or the window, or start anew with run.overwrite=true.",
            )
        self.update += 1
        return {"rollout/ep_rew_mean": total, "train/gradient_norm": float(np.mean(norms))}

    def values(self, weights: Weights, seen: mx.array) -> mx.array:
        """Return what is to come after observations (n, width), (n,)."""
        return self.horizon * outputs_of(weights, seen, self.activation)[:, 0]

    def _learn_values(self, window: Window) -> None:
        """Move the value net towards what came in a window, and its own value of the end."""
        seen, targets, alive = window.value_targets()

        def loss(weights: Weights) -> mx.array:
            apart = (self.values(weights, seen) - targets) / self.horizon
            return (alive * apart.square()).mean()

        for _ in range(self.config.value_passes):
            gradient = mx.grad(loss)(self.value)
            self.value = self._optimisers["value"].apply_gradients(gradient, self.value)
            mx.eval(self.value, self._optimisers["value"].state)

    def agent(self) -> ActorAgent:
        """Return an agent whose weights the training leaves alone."""
        weights = {name: np.array(value) for name, value in self.actor.items()}
        settings = asdict(self.config)
        return ActorAgent("backprop", self.head, self.shape, weights, settings, self.env)

    def state(self) -> dict[str, Any]:
        """Return all that a resumed training needs."""
        return {
            "update": self.update,
            **{name: tree_map(np.array, getattr(self, name)) for name in self._optimisers},
            "optimisers": {
                name: tree_map(np.array, each.state) for name, each in self._optimisers.items()
            },
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state.

        Raises:
            CheckpointError: it is of other nets.
        """
        try:
            check_like({n: state[n] for n in self.state()}, self.state(), "state")
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                "a state of the same settings", f"{error}", "Start anew with run.overwrite=true."
            ) from error
        self.update = int(state["update"])
        for name, optimiser in self._optimisers.items():
            setattr(self, name, _as_weights(state[name]))
            optimiser.state = tree_map(mx.array, state["optimisers"][name])


class Window:
    """A few days of every slot that gradients flow through, and what was met on them.

    Args:
        trainer: whose actor lives them.
        state: before the first day.
        seen: first observation, (slots, width).
        alive: (slots,), 1 where the episode still goes on.
        days: how many.
        goes_on: days follow, of which the value net tells.
    """

    def __init__(
        self,
        trainer: Trainer,
        state: Any,
        seen: mx.array,
        alive: mx.array,
        days: int,
        goes_on: bool,
    ) -> None:
        self._trainer, self._days, self._goes_on = trainer, days, goes_on
        self.state, self.seen, self.alive = state, [seen], [alive]
        self.rewards: list[mx.array] = []
        self.goes_on: list[mx.array] = []

    def loss(self, actor: Weights, gumbel: mx.array) -> mx.array:
        """Return what the days are worth, negative, on average over the slots.

        Args:
            actor: its weights.
            gumbel: (days, slots, logits), noise of the categories.
        """
        trainer, gamma = self._trainer, self._trainer.config.gamma
        worth = mx.zeros_like(self.alive[0])
        for day in range(self._days):
            outputs = outputs_of(actor, self.seen[-1], trainer.activation)
            amounts, picks = sampled(trainer.head, outputs, gumbel[day], trainer.config.relaxation)
            step = trainer.world.step(self.state, amounts, picks)
            worth = worth + gamma**day * self.alive[-1] * step.reward
            self.state = step.state
            self.rewards.append(step.reward)
            self.goes_on.append(step.goes_on)
            self.alive.append(self.alive[-1] * step.goes_on)
            self.seen.append(step.observation)
        if self._goes_on:
            end = trainer.values(trainer.value, self.seen[-1])
            worth = worth + gamma**self._days * self.alive[-1] * end
        return -worth.mean() / trainer.horizon

    @property
    def returns(self) -> mx.array:
        """What was earned, (slots,), without a discount."""
        return (mx.stack(self.alive[:-1]) * mx.stack(self.rewards)).sum(axis=0)

    def value_targets(self) -> tuple[mx.array, mx.array, mx.array]:
        """Return what the value net learns of the days.

        Returns:
            Observations, (days * slots, width); what comes after them where the episode has come as
            far, (days * slots,); and how likely it has, (days * slots,).
        """
        trainer, gamma = self._trainer, self._trainer.config.gamma
        worth = mx.zeros_like(self.alive[0])
        if self._goes_on:
            worth = trainer.values(trainer.value, self.seen[-1])
        targets = []
        for reward, goes_on in zip(reversed(self.rewards), reversed(self.goes_on), strict=True):
            worth = reward + gamma * goes_on * worth
            targets.append(worth)
        targets.reverse()
        return (
            mx.stop_gradient(mx.concatenate(self.seen[:-1])),
            mx.stop_gradient(mx.concatenate(targets)),
            mx.stop_gradient(mx.concatenate(self.alive[:-1])),
        )


def sampled(
    head: HybridHead, outputs: mx.array, gumbel: mx.array, relaxation: float
) -> tuple[mx.array, list[mx.array]]:
    """Return amounts, (slots, amounts), and one-hot picks, (slots, categories) each.

    A pick is drawn, and has the gradient of its softmax.

    Args:
        head: what the outputs stand for.
        outputs: (slots, outputs).
        gumbel: (slots, logits), standard Gumbel noise.
        relaxation: temperature of the softmax.

    Source: Jang, Gu & Poole 2017, "Categorical reparameterization with Gumbel-softmax".
    """
    # One split in place of slices: the gradient of each slice would be a whole array of zeros.
    starts = [part.start for part in head.logits]
    amounts, *logits = mx.split(outputs, starts, axis=1)
    noise = mx.split(gumbel, [start - head.amounts for start in starts[1:]], axis=1)
    picks = []
    for own, drawn in zip(logits, noise[: len(logits)], strict=True):
        noisy = (own + drawn) / relaxation
        soft = mx.softmax(noisy, axis=1)
        hard = noisy.argmax(axis=1)[:, None] == mx.arange(noisy.shape[1])
        picks.append(mx.stop_gradient(hard - soft) + soft)
    return mx.tanh(amounts), picks


def _as_weights(arrays: dict[str, np.ndarray]) -> Weights:
    return {name: mx.array(array) for name, array in arrays.items()}
