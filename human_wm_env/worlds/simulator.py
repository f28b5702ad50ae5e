"""The ground-truth simulator as a world: the "real world" of the benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.errors import ConfigError, DataError
from human_wm_env.people import habits, missingness, simulator
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.people.physiology import Body
from human_wm_env.people.simulator import Losses, People
from human_wm_env.person import missingness as masks
from human_wm_env.person import schema
from human_wm_env.person.actions import decode_day, follow
from human_wm_env.person.noise import ADHERENCE, NEXT_WEATHER, SHARED_UNIFORMS, columns
from human_wm_env.person.weather import TRANSITIONS, WeatherChain
from human_wm_env.random_streams import Stream
from human_wm_env.runtime import dream_step
from human_wm_env.worlds.person_state import DayOutcome, PersonState
from human_wm_env.worlds.person_world import PersonWorld
from human_wm_env.worlds.starts import PersonStart
from human_wm_env.worlds.world import Options

WEATHER_CHOICES = ("chain", "log")
_NORMAL, _NORMALS = columns(0, habit=habits.NORMALS, state=simulator.STATE_NORMALS)
_UNIFORM, _UNIFORMS = columns(
    SHARED_UNIFORMS,
    habit=habits.UNIFORMS,
    state=simulator.STATE_UNIFORMS,
    mask=missingness.UNIFORMS,
)


@dataclass(frozen=True)
class TrueState:
    """What only the simulator knows, batch-first.

    Attributes:
        people: true traits.
        body: hidden state at wake-up.
        losses: what the tracker lost on the last day.
        row: float32 (slots, 10), the last day without a mask.
    """

    people: People
    body: Body
    losses: Losses
    row: np.ndarray


def check_weather(weather: str) -> str:
    """Return the setting if it is "chain" or "log"."""
    if weather not in WEATHER_CHOICES:
        raise ConfigError(
            'weather "chain" or "log"',
            repr(weather),
            '"chain" draws the weather, "log" takes the days of the data set.',
        )
    return weather


class SimulatorWorld(PersonWorld[TrueState]):
    """Restart the embedded people from any logged day, with their true traits.

    Branches are noise replicas of the one true person.

    Args:
        embedded: the embedded people with their truth.
        split, horizon, adherence: see `PersonWorld`.
        weather: "chain" draws the weather, "log" takes the true one of the logged days and
            draws it after them.
        masking: "person" loses cells as the person's tracker does, "none" nothing, a
            number loses every cell with that rate.
    """

    normals = _NORMALS
    uniforms = _UNIFORMS

    def __init__(
        self,
        embedded: EmbeddedPeople,
        *,
        split: str = "train",
        horizon: int = 30,
        adherence: float = 1.0,
        weather: str = "chain",
        masking: masks.Masking = "person",
    ) -> None:
        super().__init__(embedded.dataset, split=split, horizon=horizon, adherence=adherence)
        self.embedded = embedded
        self.weather = check_weather(weather)
        self.masking = masks.check_masking(masking)
        self._chain = WeatherChain(TRANSITIONS)

    def start_from(
        self, options: Sequence[Options], drawn: Sequence[PersonStart]
    ) -> list[PersonStart]:
        """Apply reset options; a caller's history has no truth to be simulated."""
        if any(one.get("history") is not None for one in options):
            raise DataError(
                "a person of the embedded data set: the simulator needs true traits",
                "a history given by the caller",
                "Use HumanWM-v0, which infers the person from the history.",
            )
        return super().start_from(options, drawn)

    def begin(self, starts: Sequence[PersonStart], streams: Sequence[Stream]) -> TrueState:
        """Put each person back to the wake-up of their start day."""
        users = np.array([start.user for start in starts])
        days = np.array([start.day for start in starts])
        return TrueState(
            people=self.embedded.people_at(users),
            body=self.embedded.body_at(users, days),
            losses=self.embedded.losses_before(users, days),
            row=np.array(self.embedded.true_rows[users, days - 1]),
        )

    def first_forecast(self, starts: Sequence[PersonStart], uniform: np.ndarray) -> np.ndarray:
        """Return the true weather of the start day ("log", within the log), or draw it."""
        users = np.array([start.user for start in starts])
        days = np.array([start.day for start in starts])
        before = self.embedded.true_rows[users, days - 1, schema.WEATHER].astype(np.intp)
        drawn = self._chain.next(before, uniform)
        return self._logged_weather(users, days, drawn) if self.weather == "log" else drawn

    def _logged_weather(self, users: np.ndarray, days: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        inside = np.minimum(days, self.dataset.days - 1)
        logged = self.embedded.true_rows[users, inside, schema.WEATHER].astype(np.intp)
        return np.where(days < self.dataset.days, logged, drawn)

    def advance(
        self, state: PersonState[TrueState], action: np.ndarray | None
    ) -> DayOutcome[TrueState]:
        """Advance one day by the true equations."""
        normal, uniform = self.today_noise(state)
        inner = state.inner
        if action is not None and self.adherence == 1.0:
            day = decode_day(action)
        else:
            habit = simulator.habitual_day(
                inner.people,
                inner.body,
                inner.row,
                state.weekday,
                state.forecast,
                normal[:, _NORMAL["habit"]],
                uniform[:, _UNIFORM["habit"]],
            )
            own = self._changed(habit, state.weekday)
            day = follow(self.adherence, uniform[:, ADHERENCE], action, own)
        day[schema.WEATHER] = state.forecast
        row, body = simulator.live_day(
            inner.people,
            inner.body,
            inner.row,
            day.T,
            state.weekday,
            self.embedded.config.response_gain,
            normal[:, _NORMAL["state"]],
            uniform[:, _UNIFORM["state"]],
        )
        encoded = np.empty((schema.ROW_WIDTH, len(row)), dtype=np.float32)
        columns = np.ascontiguousarray(row.T)
        dream_step.encode_loop(encoded, columns, dream_step.EVERYTHING)
        observed, losses = self._lose(inner, row, uniform[:, _UNIFORM["mask"]])
        tomorrow = self._chain.next(state.forecast, uniform[:, NEXT_WEATHER])
        if self.weather == "log":
            tomorrow = self._logged_weather(state.user, state.day + 1, tomorrow)
        return DayOutcome(
            row=row,
            encoded=encoded.T,
            observed=observed,
            uncertainty=np.zeros(len(row), dtype=np.float32),
            next_forecast=tomorrow,
            inner=TrueState(inner.people, body, losses, row),
        )

    def _lose(
        self, inner: TrueState, row: np.ndarray, uniform: np.ndarray
    ) -> tuple[np.ndarray, Losses]:
        if self.masking == "person":
            return simulator.lose_cells(inner.people, inner.losses, row, uniform)
        rate = 0.0 if self.masking == "none" else float(self.masking)
        return uniform[:, 1:] >= rate, inner.losses
