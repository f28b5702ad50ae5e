"""The learned simulator as a world: imagine a person from their posterior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env import feasible, schema
from human_wm_env.dataset import LogDataset
from human_wm_env.errors import ConfigError
from human_wm_env.people import weather as skies
from human_wm_env.runtime import inputs, memory
from human_wm_env.runtime.film import Modulation
from human_wm_env.runtime.memory import Memory
from human_wm_env.runtime.world_model import WorldModelRuntime
from human_wm_env.worlds import masking as masks
from human_wm_env.worlds.masking import MaskChain
from human_wm_env.worlds.noise import ADHERENCE, NEXT_WEATHER, SHARED_UNIFORMS, columns
from human_wm_env.worlds.person_world import (
    BRANCHES_PER_BLOCK,
    Day,
    PersonState,
    PersonWorld,
    follow,
)
from human_wm_env.worlds.simulation import check_weather
from human_wm_env.worlds.start_cache import StartCache
from human_wm_env.worlds.world import FOR_LATENTS, Start, Stream, generator

_ACTIONS, _STATES = len(inputs.ACTION_ORDER), len(inputs.STATE_ORDER)
NORMAL_COLUMNS, _NORMALS = columns(0, habit=_ACTIONS, state=_STATES)
UNIFORM_COLUMNS, _UNIFORMS = columns(
    SHARED_UNIFORMS, habit=_ACTIONS, state=1 + _STATES, mask=masks.UNIFORMS
)
_KNOWN = np.ones(schema.FEATURE_COUNT, dtype=bool)


@dataclass(frozen=True)
class DreamState:
    """What the dream keeps of a person, batch-first.

    Attributes:
        latents: float32 (slots, latents), the drawn person.
        policy_modulation, transition_modulation: what the latents do to the nets.
        memory: slow quantities.
        known: bool (slots, 10), which cells of the last row the model knows; all of them
            after the first day.
        masks: chain of the missingness.
    """

    latents: np.ndarray
    policy_modulation: Modulation
    transition_modulation: Modulation
    memory: Memory
    known: np.ndarray
    masks: MaskChain


@dataclass(frozen=True)
class _Person:
    """What is cached of a start: posterior, memory and mask chain, batches of one."""

    mean: np.ndarray
    sd: np.ndarray
    memory: Memory
    masks: MaskChain


class DreamWorld(PersonWorld[DreamState]):
    """Imagine people: encode the log before the start day, draw latents, step the nets.

    Branch b draws z_a, z_b and z_c as draw b // 25, b // 5 % 5 and b % 5 of five each: the
    125 futures are a factorial design. For probabilities use independent draws
    (`layout="people"`), never the 125.

    Args:
        runtime: a loaded world model.
        dataset: the logs that episodes start from.
        split, horizon, adherence: see `PersonWorld`.
        temperature: tau of the dream, >= 0: scales the noise of each day, not the
            uncertainty about the person; 0 is deterministic given the latents.
        weather: "chain" draws from the fitted chain, "log" takes the log's where observed.
        masking: "person" loses cells by a chain fitted to the log, "none" nothing, a
            number loses every cell with that rate.
    """

    normals = _NORMALS
    uniforms = _UNIFORMS

    def __init__(
        self,
        runtime: WorldModelRuntime,
        dataset: LogDataset,
        *,
        split: str = "train",
        horizon: int = 30,
        adherence: float = 1.0,
        temperature: float = 1.0,
        weather: str = "chain",
        masking: masks.Masking = "person",
    ) -> None:
        super().__init__(dataset, split=split, horizon=horizon, adherence=adherence)
        if not (np.isfinite(temperature) and temperature >= 0.0):
            raise ConfigError(
                "temperature >= 0", f"{temperature}", "1 is the model's own noise, 0 is none."
            )
        self.runtime = runtime
        self.temperature = float(temperature)
        self.weather = check_weather(weather)
        self.masking = masks.check_masking(masking)
        self._transitions = runtime.checkpoint.weather_transitions
        self._people: StartCache[_Person] = StartCache()

    # Beginning --------------------------------------------------------------------

    def begin(self, starts: Sequence[Start], streams: Sequence[Stream]) -> DreamState:
        """Encode each person's log before the start and draw their latents."""
        people = self._people.look_up(starts, self._encode)
        latents = self._draw_latents(people, starts, streams)
        eves = [self.history_of(start) for start in starts]
        return DreamState(
            latents=latents,
            policy_modulation=self.runtime.policy_modulation(latents),
            transition_modulation=self.runtime.transition_modulation(latents),
            memory=Memory(
                np.concatenate([p.memory.total for p in people]),
                np.concatenate([p.memory.weight for p in people]),
            ),
            known=np.stack([eve.observed[-1] for eve in eves]),
            masks=MaskChain(
                np.concatenate([p.masks.opening for p in people]),
                np.concatenate([p.masks.staying for p in people]),
                np.concatenate([p.masks.lost for p in people]),
            ),
        )

    def _encode(self, starts: list[Start]) -> list[_Person]:
        """Return what the logs before the starts say."""
        histories = [self.history_of(start) for start in starts]
        posterior, remembered = self.runtime.encode(histories)
        return [
            _Person(
                mean=posterior.mean[row : row + 1],
                sd=posterior.sd[row : row + 1],
                memory=Memory(remembered.total[row : row + 1], remembered.weight[row : row + 1]),
                masks=self._mask_chain(history.observed),
            )
            for row, history in enumerate(histories)
        ]

    def _mask_chain(self, observed: np.ndarray) -> MaskChain:
        if self.masking == "person":
            return masks.fit_chain(observed)
        return masks.fixed_rate(0.0 if self.masking == "none" else float(self.masking))

    def _draw_latents(
        self, people: list[_Person], starts: Sequence[Start], streams: Sequence[Stream]
    ) -> np.ndarray:
        """Draw five of each block per group; the branch picks one of each."""
        blocks = self.runtime.architecture.blocks
        width = self.runtime.architecture.latent_width
        draws: dict[tuple[int, int, int], np.ndarray] = {}
        noise = np.empty((len(starts), width), dtype=np.float32)
        for slot, (start, stream) in enumerate(zip(starts, streams, strict=True)):
            if stream.latents not in draws:
                rng = generator(stream.latents, FOR_LATENTS)
                draws[stream.latents] = rng.standard_normal(
                    (BRANCHES_PER_BLOCK, width), dtype=np.float32
                )
            five = draws[stream.latents]
            size = BRANCHES_PER_BLOCK
            picks = {
                "a": start.branch // size**2,
                "b": start.branch // size % size,
                "c": start.branch % size,
            }
            for block, pick in picks.items():
                noise[slot, blocks[block]] = five[pick, blocks[block]]
        mean = np.concatenate([person.mean for person in people])
        return mean + np.concatenate([person.sd for person in people]) * noise

    def first_forecast(self, starts: Sequence[Start], uniform: np.ndarray) -> np.ndarray:
        """Return the logged weather of the start day ("log"), or draw it."""
        eves = [self.history_of(start) for start in starts]
        before = np.array(
            [
                int(eve.rows[-1, schema.WEATHER]) if eve.observed[-1, schema.WEATHER] else -1
                for eve in eves
            ]
        )
        drawn = skies.next_weather(before, self._transitions, uniform)
        users = np.array([start.user for start in starts])
        return self._with_log(users, np.array([start.day for start in starts]), drawn)

    def _with_log(self, users: np.ndarray, days: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """Replace drawn weather by the log's where that is wanted and observed."""
        if self.weather == "chain":
            return drawn
        inside = np.minimum(days, self.dataset.days - 1)
        seen = self.dataset.observed[users, inside, schema.WEATHER]
        logged = self.dataset.rows[users, inside, schema.WEATHER].astype(np.intp)
        usable = seen & (users >= 0) & (days < self.dataset.days_logged[users])
        return np.where(usable, logged, drawn)

    # Living -----------------------------------------------------------------------

    def live(self, state: PersonState[DreamState], chosen: np.ndarray) -> Day:
        """Imagine one day."""
        normal, uniform = self.today_noise(state)
        inner = state.inner
        before = schema.encode_rows(state.row, inner.known)
        remembered = self.runtime.remembered(inner.memory)
        weekday = schema.weekday_features(state.weekday)
        count = len(skies.CLIMATE)
        weather = (state.forecast[:, None] == np.arange(count)).astype(np.float32)
        row = chosen
        if self.adherence < 1.0:
            habit = self.runtime.act(
                inputs.policy_inputs(before, inner.known, remembered, weekday, weather),
                inner.policy_modulation,
                self.temperature,
                normal[:, NORMAL_COLUMNS["habit"]],
                uniform[:, UNIFORM_COLUMNS["habit"]],
            )
            row = follow(self.adherence, uniform[:, ADHERENCE], chosen, feasible.project(habit))
        encoded = schema.encode_rows(row)
        states, uncertainty = self.runtime.respond(
            self.runtime.transition_inputs(
                before, inner.known, encoded, remembered, weekday, weather
            ),
            inner.transition_modulation,
            self.temperature,
            normal[:, NORMAL_COLUMNS["state"]],
            uniform[:, UNIFORM_COLUMNS["state"]],
        )
        row[:, schema.STATE_FEATURES] = states[:, schema.STATE_FEATURES]
        row[:, schema.WEATHER] = state.forecast
        everything = np.broadcast_to(_KNOWN, inner.known.shape)
        observed, lost = masks.next_mask(inner.masks, uniform[:, UNIFORM_COLUMNS["mask"]])
        tomorrow = skies.next_weather(state.forecast, self._transitions, uniform[:, NEXT_WEATHER])
        return Day(
            row=row,
            observed=observed,
            uncertainty=uncertainty,
            next_forecast=self._with_log(state.user, state.day + 1, tomorrow),
            inner=DreamState(
                latents=inner.latents,
                policy_modulation=inner.policy_modulation,
                transition_modulation=inner.transition_modulation,
                memory=memory.remember(inner.memory, row, everything),
                known=everything,
                masks=MaskChain(inner.masks.opening, inner.masks.staying, lost),
            ),
        )
