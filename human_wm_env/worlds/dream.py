"""The learned simulator as a world: imagine a person from their posterior."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Self

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError
from human_wm_env.model.branches import BRANCHES_PER_BLOCK, crossed_indices
from human_wm_env.person import missingness as masks
from human_wm_env.person import schema
from human_wm_env.person.actions import column_by_column, follow
from human_wm_env.person.feasible import project
from human_wm_env.person.history import History
from human_wm_env.person.missingness import MaskChain
from human_wm_env.person.noise import ADHERENCE, NEXT_WEATHER
from human_wm_env.person.weather import WeatherChain
from human_wm_env.random_streams import FOR_LATENTS, Stream, generators
from human_wm_env.runtime import dream_step
from human_wm_env.runtime.dream_state import DreamState
from human_wm_env.runtime.dream_step import NORMAL_COLUMNS, NORMALS, UNIFORM_COLUMNS, UNIFORMS
from human_wm_env.runtime.response_day import days_of
from human_wm_env.runtime.world_model import WorldModelRuntime
from human_wm_env.settings import finite_number
from human_wm_env.worlds.kept_posterior import KeptLayout
from human_wm_env.worlds.person_state import DayOutcome, PersonState
from human_wm_env.worlds.person_world import PersonWorld
from human_wm_env.worlds.posterior_store import PosteriorStore
from human_wm_env.worlds.simulator import check_weather
from human_wm_env.worlds.start_cache import StartCache, distinct
from human_wm_env.worlds.starts import PersonStart


class DreamWorld(PersonWorld[DreamState]):
    """Imagine people: encode the log before the start day, draw latents, let days pass.

    States come from the checkpoint's transition nets, or from its response: a regression of the
    person on their actions and on what these leave behind, whose posterior is exact. With
    states measured in the morning a day's order is weekday, weather, sleep, states, the other
    actions; these are felt from the next row on.

    The uncertainty of a day is a standard deviation of what is expected of its states: over the
    members of the ensemble, or by the posterior of the person's response, where it grows for
    short logs and for actions that the person hardly ever did.

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
        uncertainty: False leaves it 0 where states follow a response: it takes two thirds of a
            day's time and of a state's memory, and without pessimism nothing depends on it.
    """

    #: of the nets; a response draws more
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
        uncertainty: bool = True,
    ) -> None:
        super().__init__(dataset, split=split, horizon=horizon, adherence=adherence)
        if finite_number(temperature, "temperature") < 0.0:
            raise ConfigError(
                "temperature >= 0", f"{temperature}", "1 is the model's own noise, 0 is none."
            )
        self.runtime = runtime
        self.temperature = float(temperature)
        self.weather = check_weather(weather)
        self.masking = masks.check_masking(masking)
        self._weather_chain = WeatherChain(runtime.checkpoint.weather_transitions)
        self._kept = KeptLayout(runtime.architecture)
        shares = self._weather_chain.shares
        self._days = days_of(runtime, shares, self.temperature, uncertainty=uncertainty)
        self.normals = self._days.normals
        self._everything = np.ones((0, schema.FEATURE_COUNT), dtype=bool)
        self._from_prior = False
        self._store = store
        self._people: StartCache[np.ndarray] = StartCache()
        self._chains: StartCache[MaskChain] = StartCache()

    def from_prior(self) -> Self:
        """Return the same dream of people drawn from the prior: the log tells only the past days.

        Beside the dream itself it shows what the log says about the person.
        """
        world = copy.copy(self)
        world._from_prior = True
        return world

    # Beginning --------------------------------------------------------------------

    def begin(self, starts: Sequence[PersonStart], streams: Sequence[Stream]) -> DreamState:
        """Encode each person's log before the start and draw their latents."""
        people, which = distinct(starts)
        rows = self._people.look_up(people, self._encode)
        chains = self._chains.look_up(people, self._fit_chains)
        kept = self._kept.people(np.stack(rows)[which])
        latents = self._draw_latents(starts, streams)
        if not self._from_prior:
            latents = kept.draw(latents)
        histories = [self.history_of(person) for person in people]
        known = np.stack([history.observed[-1] for history in histories])
        encoded = schema.encode_rows(np.stack([each.rows[-1] for each in histories]), known)
        return DreamState(
            latents=latents,
            policy_modulation=self.runtime.policy_modulation(latents),
            transition=self._days.begin(latents, kept.root, kept.carried),
            sums=column_by_column(kept.sums),
            encoded=column_by_column(encoded[which]),
            known=column_by_column(known[which]),
            masks=MaskChain(
                column_by_column(np.concatenate([chain.opening for chain in chains])[which]),
                column_by_column(np.concatenate([chain.staying for chain in chains])[which]),
                column_by_column(np.concatenate([chain.lost for chain in chains])[which]),
            ),
        )

    def _encode(self, starts: list[PersonStart]) -> list[np.ndarray]:
        """Return what is kept of the logs before the starts: see `KeptLayout`.

        A person who begins on one of their start days is encoded for all of these at once.
        """
        people: dict[int, dict[int, np.ndarray]] = {}
        others = []
        for start in starts:
            if start.history is None and self._is_regular(start):
                people.setdefault(start.user, {})
            else:
                others.append(start)
        for user, own in people.items():
            days = self.start_days(user)
            rows = self._encode_start_days(self.dataset.history(user, int(days[-1])), days)
            for day, row in zip(days.tolist(), rows, strict=True):
                own[day] = row
                self._people.keep(user, day, row)
        histories = [self.history_of(start) for start in others]
        alone = iter(self._kept.rows(*self.runtime.encode(histories)) if others else [])
        found = []
        for start in starts:
            own = people.get(start.user, {}) if start.history is None else {}
            found.append(own[start.day] if start.day in own else next(alone))
        return found

    def _is_regular(self, start: PersonStart) -> bool:
        """Return whether a start is on one of the person's start days, all of them whole weeks."""
        days = self.start_days(start.user)
        return start.day in days and not (days % schema.DAYS_PER_WEEK).any()

    def _encode_start_days(self, whole: History, days: np.ndarray) -> np.ndarray:
        """Return what is kept of a person's start days, float32 (days, width)."""
        width = self._kept.width
        kept = None if self._store is None else self._store.load(whole, days, width)
        if kept is not None and self._kept.is_possible(kept):
            return kept
        values = self._kept.rows(*self.runtime.encode_beginnings(whole, days))
        if self._store is not None:
            self._store.save(whole, days, values)
        return values

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

    def surroundings(
        self, state: PersonState[DreamState], days: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what comes on the next days whatever is done on them.

        Args:
            state: before the first of them.
            days: how many; not beyond the horizon.

        Returns:
            The weather of each day and of the day after the last one, int (slots, days + 1), and
            which cells of each day are observed, bool (slots, days, 10).
        """
        weather, observed, chain = [state.forecast], [], state.inner.masks
        for day in range(days):
            uniform = state.uniform[np.arange(len(state.day)), state.elapsed + day]
            mask, lost = masks.next_mask(chain, uniform[:, UNIFORM_COLUMNS["mask"]])
            chain = MaskChain(chain.opening, chain.staying, lost)
            tomorrow = self._weather_chain.next(weather[-1], uniform[:, NEXT_WEATHER])
            if self.weather == "log":
                tomorrow = self._with_log(state.user, state.day + day + 1, tomorrow)
            observed.append(mask)
            weather.append(tomorrow)
        return np.stack(weather, axis=1), np.stack(observed, axis=1)

    def advance(
        self, state: PersonState[DreamState], action: np.ndarray | None
    ) -> DayOutcome[DreamState]:
        """Imagine one day."""
        normal, uniform = self.today_noise(state)
        inner, everything = state.inner, self._known(len(normal))
        begun = None
        if action is None or self.adherence < 1.0:
            begun = self._begin_own_day(state, action, normal, uniform)
        today = self._days.pass_day(
            inner,
            (state.weekday, state.forecast),
            action,
            begun,
            (normal, uniform),
            inner.known is everything,
        )
        tomorrow = today.tomorrow
        if self.weather == "log":
            tomorrow = self._with_log(state.user, state.day + 1, tomorrow)
        return DayOutcome(
            row=today.row,
            encoded=today.encoded,
            observed=today.observed,
            uncertainty=today.uncertainty,
            next_forecast=tomorrow,
            inner=DreamState(
                latents=inner.latents,
                policy_modulation=inner.policy_modulation,
                transition=today.transition,
                sums=today.sums,
                encoded=today.encoded,
                known=everything,
                masks=MaskChain(inner.masks.opening, inner.masks.staying, today.lost),
            ),
        )

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
