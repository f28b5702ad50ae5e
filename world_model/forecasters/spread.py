"""How widely forecasts of a continuous feature miss, person by person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from world_model.forecasters.clues import Clues

_PSEUDO_DAYS = (1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
_LEVEL_PSEUDO_DAYS = 3.0


@dataclass(frozen=True)
class Spread:
    """Misses of earlier forecasts, over the spread of the person's own days.

    Attributes:
        misses: float (m,), in units of `of_people`.
        overall: float (width,), mean of all people; variance: of all people's days.
        pseudo_days: by how many days a person's variance is shrunk to that of all.
    """

    misses: np.ndarray
    overall: np.ndarray
    variance: float
    pseudo_days: float

    @classmethod
    def of(cls, misses: np.ndarray, clues: Clues, overall: np.ndarray) -> Spread:
        """Choose the shrinkage by the likelihood of the misses, as if they were Gaussian.

        Args:
            misses: float (m, width), target - forecast of earlier days.
            clues: of these.
            overall: float (width,), mean of all people.
        """
        variance = float(_own_squares(clues, overall).sum() / max(clues.count.sum(), 1.0))
        found = [cls(misses[:, 0], overall, max(variance, 1e-6), pseudo) for pseudo in _PSEUDO_DAYS]
        scales = [one.of_people(clues) for one in found]

        def surprise(place: int) -> float:
            scaled = misses[:, 0] / scales[place]
            return float(np.log(scales[place]).mean() + 0.5 * np.log((scaled**2).mean() + 1e-12))

        best = min(range(len(found)), key=surprise)
        chosen = found[best]
        return cls(chosen.misses / scales[best], overall, chosen.variance, chosen.pseudo_days)

    def of_people(self, clues: Clues) -> np.ndarray:
        """Return the standard deviation of each person's days, shrunk, (n,)."""
        squares = _own_squares(clues, self.overall)[:, 0]
        count = clues.count[:, 0]
        return np.sqrt((squares + self.pseudo_days * self.variance) / (count + self.pseudo_days))

    def draw(self, clues: Clues, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Return misses of coming days, (n, draws)."""
        scale = self.of_people(clues)
        drawn: np.ndarray = scale[:, None] * rng.choice(self.misses, size=(len(scale), draws))
        return drawn


def _own_squares(clues: Clues, overall: np.ndarray) -> np.ndarray:
    """Return summed squares around each person's shrunk mean, (n, width), >= 0."""
    level = clues.level(overall, _LEVEL_PSEUDO_DAYS)
    around = clues.squares - 2.0 * level * clues.total + level**2 * clues.count
    return np.maximum(around, 0.0)
