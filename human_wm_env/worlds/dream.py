"""The learned simulator as a world: imagine a person from their posterior."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError
from human_wm_env.model.branches import BRANCHES_PER_BLOCK, crossed_indices
from human_wm_env.model.inputs import STATE_ORDER
from human_wm_env.model.memory import Memory
from human_wm_env.person import missingness as masks
from human_wm_env.person import schema
from human_wm_env.person.actions import column_by_column, follow
from human_wm_env.person.feasible import project
from human_wm_env.person.history import History
from human_wm_env.person.missingness import MaskChain
from human_wm_env.person.noise import ADHERENCE
from human_wm_env.person.weather import WeatherChain
from human_wm_env.random_streams import FOR_LATENTS, Stream, generators
from human_wm_env.runtime import dream_step, folded_inputs
from human_wm_env.runtime.dream_step import (
    NORMAL_COLUMNS,
    NORMALS,
    UNIFORM_COLUMNS,
    UNIFORMS,
    begin_day,
    end_day,
)
from human_wm_env.runtime.modulation import Modulation
from human_wm_env.runtime.world_model import WorldModelRuntime
from human_wm_env.worlds.person_state import DayOutcome, PersonState
from human_wm_env.worlds.person_world import (
    PersonWorld,
)
from human_wm_env.worlds.posterior_store import PosteriorStore
from human_wm_env.worlds.simulator import check_weather
from human_wm_env.worlds.start_cache import StartCache, distinct
from human_wm_env.worlds.starts import PersonStart

_STATE_LIST = list(STATE_ORDER)


@dataclass(slots=True)
class DreamState:
    """What the dream keeps of a person, batch-first; arrays are never written to.

    Attributes:
        latents: float32 (slots, latents), the drawn person.
        policy_modulation, transition_modulation: what the latents do to the nets.
        sums: float32 (slots, SUMS_WIDTH), slow quantities (`folded_inputs.sums_of`).
        encoded: float32 (slots, ROW_WIDTH), the last row, zero where the model does not know it.
        known: bool (slots, 10), which cells of the last row the model knows; all of them
            after the first day.
        masks: chain of the missingness.
    """

    latents: np.ndarray
    policy_modulation: Modulation
    transition_modulation: Modulation
    sums: np.ndarray
    encoded: np.ndarray
    known: np.ndarray
    masks: MaskChain

    @property
    def memory(self) -> Memory:
        """The slow quantities as the runtime's memory."""
        return folded_inputs.memory_of(self.sums)


@dataclass(frozen=True)
class _Person:
    """What is cached of a start: posterior and memory, batches of one."""

    mean: np.ndarray
    sd: np.ndarray
    sums: np.ndarray


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
        store: keeps the posteriors of the people's start days; None keeps it in memory.
    """

    normals = NORMALS
    uniforms = UNIFORMS

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
        store: PosteriorStore | None = None,
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
        self._weather_chain = WeatherChain(runtime.checkpoint.weather_transitions)
        # What `end_day` needs to know of the model.
        self._model = (
            runtime.state_chain,
            runtime.state_layout.plan,
            self._weather_chain.shares,
            self.temperature,
        )
        self._everything = np.ones((0, schema.FEATURE_COUNT), dtype=bool)
        self._anybody = False
        self._store = store
        self._people: StartCache[_Person] = StartCache()
        self._chains: StartCache[MaskChain] = StartCache()

    def of_anybody(self) -> Self:
        """Return the same dream of people drawn from the prior: the log tells only the past days.

        Beside the dream itself it shows what the log says about the person.
        """
        world = copy.copy(self)
        world._anybody = True
        return world

    # Beginning --------------------------------------------------------------------

    def begin(self, starts: Sequence[PersonStart], streams: Sequence[Stream]) -> DreamState:
        """Encode each person's log before the start and draw their latents."""
        people, which = distinct(starts)
        posteriors = self._people.look_up(people, self._encode)
        chains = self._chains.look_up(people, self._fit_chains)
        latents = self._draw_latents(starts, streams)
        if not self._anybody:
            latents *= np.concatenate([person.sd for person in posteriors])[which]
            latents += np.concatenate([person.mean for person in posteriors])[which]
        histories = [self.history_of(person) for person in people]
        known = np.stack([history.observed[-1] for history in histories])
        encoded = schema.encode_rows(np.stack([each.rows[-1] for each in histories]), known)
        return DreamState(
            latents=latents,
            policy_modulation=self.runtime.policy_modulation(latents),
            transition_modulation=self.runtime.transition_modulation(latents),
            sums=column_by_column(np.concatenate([person.sums for person in posteriors])[which]),
            encoded=column_by_column(encoded[which]),
            known=column_by_column(known[which]),
            masks=MaskChain(
                column_by_column(np.concatenate([chain.opening for chain in chains])[which]),
                column_by_column(np.concatenate([chain.staying for chain in chains])[which]),
                column_by_column(np.concatenate([chain.lost for chain in chains])[which]),
            ),
        )

    def _encode(self, starts: list[PersonStart]) -> list[_Person]:
        """Return the posteriors and memories of the logs before the starts.

        A person who begins on one of their start days is encoded for all of these at once.
        """
        people: dict[int, dict[int, _Person]] = {}
        others = []
        for start in starts:
            if start.history is None and self._is_regular(start):
                people.setdefault(start.user, {})
            else:
                others.append(start)
        if people:
            self._encode_people(people)
        alone = iter(self._encode_alone(others) if others else [])
        found = []
        for start in starts:
            own = people.get(start.user, {}) if start.history is None else {}
            found.append(own[start.day] if start.day in own else next(alone))
        return found

    def _is_regular(self, start: PersonStart) -> bool:
        """Return whether a start is on one of the person's start days, all of them whole weeks."""
        days = self.start_days(start.user)
        return start.day in days and not (days % schema.DAYS_PER_WEEK).any()

    def _encode_people(self, people: dict[int, dict[int, _Person]]) -> None:
        """Encode the logs of people before all of their start days, and keep that."""
        latents = self.runtime.architecture.latent_width
        for user, own in people.items():
            days = self.start_days(user)
            values = self._encode_start_days(self.dataset.history(user, int(days[-1])), days)
            mean, sd, sums = np.split(values, [latents, 2 * latents], axis=1)
            for row, day in enumerate(days.tolist()):
                one = slice(row, row + 1)
                own[day] = _Person(mean[one], sd[one], sums[one])
                self._people.keep(user, day, own[day])

    def _encode_start_days(self, whole: History, days: np.ndarray) -> np.ndarray:
        """Return mean, sd and memory on a person's start days, float32 (days, width)."""
        width = 2 * self.runtime.architecture.latent_width + folded_inputs.SUMS_WIDTH
        kept = None if self._store is None else self._store.load(whole, days, width)
        if kept is not None:
            return kept
        posterior, remembered = self.runtime.encode_beginnings(whole, days)
        parts = [posterior.mean, posterior.sd, folded_inputs.sums_of(remembered)]
        values = np.concatenate(parts, axis=1)
        if self._store is not None:
            self._store.save(whole, days, values)
        return values

    def _encode_alone(self, starts: list[PersonStart]) -> list[_Person]:
        """Encode single histories."""
        histories = [self.history_of(start) for start in starts]
        posterior, remembered = self.runtime.encode(histories)
        sums = folded_inputs.sums_of(remembered)
        return [
            _Person(
                mean=posterior.mean[row : row + 1],
                sd=posterior.sd[row : row + 1],
                sums=sums[row : row + 1],
            )
            for row in range(len(starts))
        ]

    def _fit_chains(self, starts: list[PersonStart]) -> list[MaskChain]:
        return [self._mask_chain(self.history_of(start).observed) for start in starts]

    def _mask_chain(self, observed: np.ndarray) -> MaskChain:
        if self.masking == "person":
            return masks.fit_chain(observed)
        return masks.fixed_rate(0.0 if self.masking == "none" else float(self.masking))

    def _draw_latents(self, starts: Sequence[PersonStart], streams: Sequence[Stream]) -> np.ndarray:
        """Draw five of each block per group, standard normal; the branch picks one of each."""
        blocks = self.runtime.architecture.blocks
        width, size = self.runtime.architecture.latent_width, BRANCHES_PER_BLOCK
        groups: dict[tuple[int, int, int], int] = {}
        group = np.array([groups.setdefault(stream.latents, len(groups)) for stream in streams])
        fives = np.empty((len(groups), size, width), dtype=np.float32)
        for rng, five in zip(generators(list(groups), FOR_LATENTS), fives, strict=True):
            rng.standard_normal(dtype=np.float32, out=five)
        latents = np.empty((len(starts), width), dtype=np.float32)
        branch = np.array([start.branch for start in starts])
        for block, pick in crossed_indices(branch).items():
            latents[:, blocks[block]] = fives[group, pick, blocks[block]]
        return latents

    def first_forecast(self, starts: Sequence[PersonStart], uniform: np.ndarray) -> np.ndarray:
        """Return the logged weather of the start day ("log"), or draw it."""
        people, which = distinct(starts)
        histories = [self.history_of(person) for person in people]
        before = np.array(
            [
                int(each.rows[-1, schema.WEATHER]) if each.observed[-1, schema.WEATHER] else -1
                for each in histories
            ]
        )
        drawn = self._weather_chain.next(before[which], uniform)
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

    # Advancing --------------------------------------------------------------------

    def advance(
        self, state: PersonState[DreamState], action: np.ndarray | None
    ) -> DayOutcome[DreamState]:
        """Imagine one day."""
        normal, uniform = self.today_noise(state)
        inner, everything = state.inner, self._known(len(normal))
        if action is not None and self.adherence == 1.0:
            inputs, row = begin_day(
                np.ascontiguousarray(action.T),
                inner.sums.T,
                inner.encoded.T,
                inner.known.T,
                state.weekday,
                state.forecast,
            )
        else:
            inputs, row = self._begin_own_day(state, action, normal, uniform)
        members = self.runtime.stepping_transition.in_columns(
            inputs.T,
            inner.transition_modulation,
            None if inner.known is everything else ~inner.known[:, _STATE_LIST],
            self._drawn_members(uniform) if action is None else None,
        )
        encoded, sums, observed, lost, uncertainty, tomorrow = end_day(
            members,
            self._model,
            normal.T,
            uniform.T,
            inputs,
            row,
            (
                inner.sums.T,
                inner.masks.opening.T,
                inner.masks.staying.T,
                inner.masks.lost.T,
                state.forecast,
            ),
            action is not None,
        )
        if self.weather == "log":
            tomorrow = self._with_log(state.user, state.day + 1, tomorrow)
        return DayOutcome(
            row=row.T,
            encoded=encoded,
            observed=observed,
            uncertainty=uncertainty,
            next_forecast=tomorrow,
            inner=DreamState(
                latents=inner.latents,
                policy_modulation=inner.policy_modulation,
                transition_modulation=inner.transition_modulation,
                sums=sums,
                encoded=encoded,
                known=everything,
                masks=MaskChain(inner.masks.opening, inner.masks.staying, lost),
            ),
        )

    def _drawn_members(self, uniform: np.ndarray) -> np.ndarray | None:
        """Return the members that `end_day` will draw, int (slots,); None where it averages."""
        if self.temperature == 0.0:
            return None
        members = self.runtime.architecture.members
        drawn = uniform[:, UNIFORM_COLUMNS["state"].start] * np.float32(members)
        return np.minimum(drawn.astype(np.int8), members - 1)

    def _begin_own_day(
        self,
        state: PersonState[DreamState],
        action: np.ndarray | None,
        normal: np.ndarray,
        uniform: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what `begin_day` does where people follow their habits, some days or always."""
        inner = state.inner
        inputs = dream_step.begin_inputs(inner.sums, inner.encoded, inner.known, state.weekday)
        habit = self.runtime.act(
            dream_step.policy_inputs(inner.known, inputs, state.forecast),
            inner.policy_modulation,
            self.temperature,
            normal[:, NORMAL_COLUMNS["habit"]],
            uniform[:, UNIFORM_COLUMNS["habit"]],
        )
        own = self._changed(project(habit), state.weekday)
        day = follow(self.adherence, uniform[:, ADHERENCE], action, own)
        day[schema.WEATHER] = state.forecast
        dream_step.encode_loop(inputs, day, dream_step.DECIDED)  # the states of yesterday stay
        return inputs, day

    def _known(self, slots: int) -> np.ndarray:
        """Return the mask of days that are known completely: the same object, never written to."""
        everything = self._everything
        if len(everything) != slots:  # another thread may step other sizes
            everything = np.ones((schema.FEATURE_COUNT, slots), dtype=bool).T
            self._everything = everything
        return everything
