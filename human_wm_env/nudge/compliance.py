"""Who complies with a nudge, and who quits: an assumption, drawn per person.

No log holds nudges, so nothing here is fitted to data of the people. What the numbers rest on,
and what is assumed without a source, stands in docs/nudges.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeAlias

import numpy as np

from human_wm_env.errors import ConfigError, did_you_mean
from human_wm_env.nudge.nudges import Nudges
from human_wm_env.person import schema
from human_wm_env.person.choices import sigmoid
from human_wm_env.settings import finite_number, one_of, whole_number


@dataclass(frozen=True)
class Compliance:
    """Parameters of the compliance model; log-odds are natural ones.

    A person complies with probability sigmoid(own disposition + own liking of the nudge
    - burden * B - habituation * H - tiredness * [tired and demanding] - weather * [bad weather
    and outdoors]), where B and H, in [0, 1], are exponential means of the nudges sent so far. They
    quit with the daily hazard quit_rate * own factor * exp(quit_burden * B).

    Attributes:
        disposition: log-odds of a fresh nudge, mean over people.
        disposition_sd: over people.
        liking_sd: of a person's log-odds over nudges.
        burden: log-odds lost at full burden.
        habituation: log-odds lost at full habituation.
        tiredness: log-odds lost for demanding nudges after a tired or stressed day.
        weather: log-odds lost for outdoor nudges in rain or snow.
        burden_days: time constant of the burden.
        habituation_days: time constant of the habituation.
        burden_of_nudge: burden that a nudge a day comes to; 0 makes nudges no burden.
        quit_rate: hazard of quitting without burden, a day.
        quit_burden: log of the hazard ratio at full burden.
        quit_sd: of the log of a person's own factor.
        seed: of the people's own numbers.
    """

    disposition: float = 0.0
    disposition_sd: float = 1.0
    liking_sd: float = 0.5
    burden: float = 1.0
    habituation: float = 1.5
    tiredness: float = 0.6
    weather: float = 0.8
    burden_days: float = 3.0
    habituation_days: float = 14.0
    burden_of_nudge: float = 1.0
    quit_rate: float = 0.0025
    quit_burden: float = 0.7
    quit_sd: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        for each in fields(self):
            finite_number(getattr(self, each.name), f"compliance.{each.name}")
        for name in ("disposition_sd", "liking_sd", "quit_rate", "quit_sd"):
            if getattr(self, name) < 0.0:
                raise ConfigError(f"{name} >= 0", f"{getattr(self, name)}", "0 switches it off.")
        for name in ("burden_days", "habituation_days"):
            if getattr(self, name) <= 0.0:
                raise ConfigError(f"{name} > 0", f"{getattr(self, name)}", "Raise it.")
        if not 0.0 <= self.burden_of_nudge <= 1.0 or whole_number(self.seed, "seed") < 0:
            raise ConfigError(
                "burden_of_nudge in [0, 1] and a seed >= 0",
                f"burden_of_nudge={self.burden_of_nudge}, seed={self.seed}",
                "Correct the settings.",
            )

    def log_odds(
        self, own: ComplianceTraits, state: Receptivity, nudges: Nudges, sent: np.ndarray
    ) -> np.ndarray:
        """Return the log-odds that people comply with what is sent, float64 (slots,).

        Args:
            own: the people's own numbers.
            state: what they are open to today.
            nudges: those of the world.
            sent: int (slots,), actions; the log-odds of nothing mean nothing.
        """
        liking = own.liking[np.arange(len(sent)), np.maximum(sent - 1, 0)]
        tired = state.tired & nudges.demanding[sent]
        wet = state.bad_weather & nudges.outdoors[sent]
        lost = self.burden * state.burden + self.habituation * state.habituation
        return own.disposition + liking - lost - self.tiredness * tired - self.weather * wet

    def probability(
        self, own: ComplianceTraits, state: Receptivity, nudges: Nudges, sent: np.ndarray
    ) -> np.ndarray:
        """Return the probability of compliance, float64 (slots,), 0 where nothing is sent."""
        return np.where(sent > 0, sigmoid(self.log_odds(own, state, nudges, sent)), 0.0)

    def after(
        self, burden: np.ndarray, habituation: np.ndarray, sent: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return burden and habituation after a day, float32 (slots,) each."""
        nudged = (sent > 0).astype(np.float32)
        heavier = _mean_after(burden, self.burden_of_nudge * nudged, self.burden_days)
        return heavier, _mean_after(habituation, nudged, self.habituation_days)

    def hazard(self, own: ComplianceTraits, burden: np.ndarray) -> np.ndarray:
        """Return the probability of quitting at the end of a day, float64 (slots,)."""
        rate = self.quit_rate * own.quit_factor * np.exp(self.quit_burden * burden)
        return -np.expm1(-rate)

    def people(self, keys: Sequence[str], nudges: Nudges) -> ComplianceTraits:
        """Return people's own numbers, drawn from their names alone.

        The same person is the same in every world, split and episode, and likes a nudge as
        much whatever else may be sent.

        Args:
            keys: name of each person.
            nudges: those of the world.
        """
        drawn = {key: self._draw(key, nudges) for key in dict.fromkeys(keys)}
        own = np.array([drawn[key] for key in keys], dtype=np.float32).reshape(len(keys), -1)
        return ComplianceTraits(own[:, 0], own[:, 1], own[:, 2:])

    def _draw(self, key: str, nudges: Nudges) -> list[float]:
        person, quitting = self._normal(key), self._normal(key, "quitting")
        liking = [self.liking_sd * self._normal(key, "likes", nudge.name) for nudge in nudges]
        disposition = self.disposition + self.disposition_sd * person
        return [disposition, float(np.exp(self.quit_sd * quitting)), *liking]

    def _normal(self, *words: str) -> float:
        """Return a standard normal number that belongs to some words."""
        text = "\0".join((str(self.seed), *words)).encode()
        entropy = int.from_bytes(hashlib.sha256(text).digest()[:16], "little")
        return float(np.random.default_rng(entropy).standard_normal())


@dataclass(frozen=True)
class ComplianceTraits:
    """What people's compliance is, batch-first; no agent sees it.

    Attributes:
        disposition: float32 (slots,), log-odds.
        quit_factor: float32 (slots,), on the hazard of quitting.
        liking: float32 (slots, nudges), log-odds.
    """

    disposition: np.ndarray
    quit_factor: np.ndarray
    liking: np.ndarray


@dataclass(frozen=True)
class Receptivity:
    """What people are open to on a day, batch-first.

    Attributes:
        burden: float32 (slots,), in [0, 1], of the nudges of the last days.
        habituation: float32 (slots,), in [0, 1], of those of the last weeks.
        tired: bool (slots,), yesterday's mood was tired or stressed.
        bad_weather: bool (slots,), rain or snow are forecast.
    """

    burden: np.ndarray
    habituation: np.ndarray
    tired: np.ndarray
    bad_weather: np.ndarray


# Indices of the moods after which people are tired, and of the weathers that are bad outdoors.
TIRING_MOODS = [schema.categories(schema.MOOD).index(name) for name in ("Tired", "Stressed")]
WET_WEATHERS = [schema.categories(schema.WEATHER).index(name) for name in ("Rain", "Snow")]


def receptivity(
    mood: np.ndarray, forecast: np.ndarray, burden: np.ndarray, habituation: np.ndarray
) -> Receptivity:
    """Return what people are open to.

    Args:
        mood: (slots,), yesterday's category, -1 where nobody knows.
        forecast: int (slots,), today's weather, -1 where nobody knows.
        burden: float32 (slots,).
        habituation: float32 (slots,).
    """
    return Receptivity(
        burden, habituation, np.isin(mood, TIRING_MOODS), np.isin(forecast, WET_WEATHERS)
    )


def _mean_after(mean: np.ndarray, today: np.ndarray, days: float) -> np.ndarray:
    """Move an exponential mean on by a day, float32 (slots,)."""
    kept = np.float32(np.exp(-1.0 / days))
    return kept * mean + (np.float32(1.0) - kept) * np.asarray(today, dtype=np.float32)


# The sweep over which every result is told.
SETTINGS: dict[str, Compliance] = {
    "default": Compliance(),
    # Few listen, all soon feel burdened, and that drives them away.
    "harsh": Compliance(disposition=-2.5, burden=2.0, quit_burden=2.0),
    # Everybody always complies, at no cost: what the nudges themselves are worth.
    "full": Compliance(
        disposition=30.0,
        disposition_sd=0.0,
        liking_sd=0.0,
        burden=0.0,
        habituation=0.0,
        tiredness=0.0,
        weather=0.0,
        burden_of_nudge=0.0,
        quit_rate=0.0,
    ),
}
ComplianceSource: TypeAlias = str | Mapping[str, float] | Compliance


def compliance_of(source: ComplianceSource) -> Compliance:
    """Return a compliance model by its name, or the default one with some parameters replaced.

    Raises:
        ConfigError: no such name or parameter, or a parameter out of its range.
    """
    if isinstance(source, Compliance):
        return source
    if isinstance(source, str):
        return SETTINGS[one_of(source, SETTINGS, "a compliance")]
    known = [each.name for each in fields(Compliance)]
    if not isinstance(source, Mapping):
        raise ConfigError(
            f"a compliance as a name ({', '.join(SETTINGS)}) or a mapping of parameters",
            repr(source),
            "Leave it out for the default.",
        )
    for name in source:
        if name not in known:
            raise ConfigError(
                "parameters of `Compliance`", repr(name), did_you_mean(str(name), known)
            )
    return replace(SETTINGS["default"], **source)  # type: ignore[arg-type]
