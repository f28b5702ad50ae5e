"""Days of dreamt people in MLX, whoever decides them: what their differentiable dreams share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import mlx.core as mx
import numpy as np

from human_wm_env.errors import ConfigError
from human_wm_env.person import schema
from human_wm_env.person_context import PosteriorMeans
from human_wm_env.random_streams import Stream
from human_wm_env.response.state import ResponseState
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.starts import PersonStart
from world_model.export import restore
from world_model.imagination.day_reward import day_components
from world_model.imagination.draws import Columns
from world_model.imagination.response_step import CarriedDays
from world_model.imagination.rollout import habit_draw, states_draw
from world_model.imagination.step import DayBefore, DayStep

_WEATHERS = schema.FEATURES[schema.WEATHER].width


@dataclass(frozen=True)
class _Episode:
    """What is known of an episode beforehand, batch-first: nothing of it depends on actions.

    Attributes:
        step: steps the people.
        normal, uniform: noise of each day, (slots, days, k).
        weekday: (slots, days + 1, 2), encoded.
        weather: (slots, days + 1, 4), one-hot; zero where it is not known.
        observed: (slots, days + 1, 10), masks; the first is that of the last logged day.
        shown: (slots, days + 1, ROW_WIDTH), the same for the columns of an encoded row.
        usual_rate, habit: of the people, (slots,) and (slots, ROW_WIDTH).
        context: (slots, latents), what the observation tells of the person; or of width 0.
    """

    step: DayStep
    normal: mx.array
    uniform: mx.array
    weekday: mx.array
    weather: mx.array
    observed: mx.array
    shown: mx.array
    usual_rate: mx.array
    habit: mx.array
    context: mx.array


@dataclass(frozen=True)
class PersonDreamState:
    """Where the dreams of some people stand.

    Attributes:
        episode: what is fixed.
        before: what is known of the days before.
        elapsed: days since the start.
    """

    episode: _Episode
    before: DayBefore
    elapsed: int = 0

    @property
    def weather(self) -> mx.array:
        """Of the day to be decided, (slots, 4), one-hot; zero where it is not known."""
        return self.episode.weather[:, self.elapsed]

    @property
    def observed(self) -> mx.array:
        """Mask of the day before, (slots, 10)."""
        return self.episode.observed[:, self.elapsed]


#: from what people plan to what they do, encoded actions both
Change = Callable[[Columns], Columns]


class DreamDays:
    """Lets dreamt people live days, with gradients, and rewards these.

    On equal noise these are the days of `DreamWorld` and its rewards. Moods are drawn straight
    through: what they earn has the gradient of its expectation. The heart rate has the gradient
    of its mean and scale. Weather and masks do not depend on actions.

    Args:
        world: the dream.
        weights: of the components of people's reward, (4,).
        pessimism: penalty per unit of uncertainty.
        context: of the observations; None where they tell nothing of the person.

    Raises:
        ConfigError: the context is encoded again every day, or nets draw without noise.
    """

    def __init__(
        self,
        world: DreamWorld,
        weights: np.ndarray,
        pessimism: float,
        context: PosteriorMeans | None = None,
    ) -> None:
        if context is not None and context.update != "frozen":
            raise ConfigError(
                "context_update=frozen", context.update, "Encoding a log again has no gradients."
            )
        self.world, self._context, self._pessimism = world, context, pessimism
        self._model = restore(world.runtime.checkpoint)
        if world.temperature == 0.0 and not self._model.architecture.has_response:
            raise ConfigError(
                "temperature > 0 where states follow nets", "0", "Draws need noise: raise it."
            )
        self._weights = mx.array(weights.astype(np.float32))

    def reset(self, starts: Sequence[PersonStart], streams: Sequence[Stream]) -> PersonDreamState:
        """Begin an episode per start; see `World.reset`."""
        world, horizon = self.world, self.world.horizon
        state = world.first_state(starts, streams)
        inner = state.inner
        weather, observed = world.surroundings(state, horizon)
        observed = np.concatenate([state.observed[:, None], observed], axis=1)
        day = np.arange(horizon + 1)
        weekday = np.where(
            state.weekday[:, None] < 0, -1, (state.weekday[:, None] + day) % schema.DAYS_PER_WEEK
        )
        carried = None
        if isinstance(inner.transition, ResponseState):
            carried = CarriedDays.begun(self._model.trained_response, inner.transition)
            if self._pessimism == 0.0:
                carried = replace(carried, doubt=None)
        means = np.empty((len(starts), 0), dtype=np.float32)
        if self._context is not None:
            means = self._context.of_starts(list(starts))
        episode = _Episode(
            step=DayStep(self._model, mx.array(inner.latents), feasible_days=True),
            normal=mx.array(state.normal),
            uniform=mx.array(state.uniform),
            weekday=mx.array(schema.weekday_features(weekday)),
            weather=mx.array((weather[..., None] == np.arange(_WEATHERS)).astype(np.float32)),
            observed=mx.array(observed.astype(np.float32)),
            shown=mx.array(observed[..., schema.FEATURE_OF_COLUMN].astype(np.float32)),
            usual_rate=mx.array(state.baseline.heart_rate),
            habit=mx.array(np.ascontiguousarray(state.baseline.habit)),
            context=mx.array(means),
        )
        before = DayBefore(
            row=mx.array(np.ascontiguousarray(inner.encoded)),
            observed=mx.array(inner.known.astype(np.float32)),
            total=mx.array(inner.memory.total),
            weight=mx.array(inner.memory.weight),
            carried=carried,
        )
        return PersonDreamState(episode, before)

    def decided(
        self, state: PersonDreamState, actions: Columns
    ) -> tuple[PersonDreamState, mx.array]:
        """Let people live a day that is decided; returns the state after it, and (slots,) rewards.

        Args:
            state: before the day.
            actions: encoded, of feasible days.
        """
        episode, day = state.episode, state.elapsed
        draw = states_draw(
            self._model,
            episode.normal[:, day],
            episode.uniform[:, day],
            self.world.temperature,
            straight_through=True,
        )
        row, before = episode.step.decided(
            state.before, episode.weekday[:, day], episode.weather[:, day], actions, draw
        )
        reward = day_components(row, episode.usual_rate, episode.habit) @ self._weights
        if self._pessimism > 0.0:
            assert before.uncertainty is not None
            reward = reward - self._pessimism * before.uncertainty
        return PersonDreamState(episode, before, day + 1), reward

    def own(self, state: PersonDreamState, change: Change) -> tuple[PersonDreamState, mx.array]:
        """Let people live the day that they plan, changed; see `decided`."""
        episode, day = state.episode, state.elapsed
        draw = habit_draw(episode.normal[:, day], episode.uniform[:, day], self.world.temperature)
        planned = episode.step.planned(
            state.before, episode.weekday[:, day], episode.weather[:, day], draw
        )
        return self.decided(state, change(planned))

    def observe(self, state: PersonDreamState) -> tuple[mx.array, mx.array]:
        """Return what the environment shows of the days, and what it tells of the person.

        See `human_wm_env/person/observations.py` and `human_wm_env/person_context.py`.
        """
        episode, day, observed = state.episode, state.elapsed, state.observed
        left = mx.full((len(observed), 1), 1.0 - day / self.world.horizon)
        days = [
            state.before.row * episode.shown[:, day],
            observed,
            episode.weekday[:, day],
            episode.weather[:, day],
            left,
        ]
        return mx.concatenate(days, axis=1), episode.context
