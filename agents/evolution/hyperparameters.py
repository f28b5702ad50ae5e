"""The settings of CMA-ES, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from human_wm_env.errors import ConfigError
from human_wm_env.settings import one_of

BINS, HYBRID = HEADS = ("bins", "hybrid")


@dataclass(frozen=True)
class CMAESConfig:
    """Settings of CMA-ES.

    Attributes:
        generations: how often a population is judged.
        population: members of a generation.
        episodes: starts that every member of a generation is judged on, the same for all
            (common random numbers), others in the next generation.
        hidden: units of the controller's hidden layer; 0 is the linear one.
        head: "bins" puts every output through tanh, and entries of an action that pick a category
            fall into one of its bins; "hybrid" has an output for each category, and picks the
            highest, where the world says which entries pick one.
        part: the part of the observation that the controller reads, by its name in the world,
            such as "z" in `WorldModelDream-v0`; None reads all of it.
        sigma: first standard deviation of every parameter.
        warm_start: rounds of a search for the best constant action, which the controller
            begins with; 0 begins at the typical day.
        begin_with: folder of a CMA-ES agent of the same sizes, whose parameters the search begins
            with; None begins with a controller that always acts alike.
        seed: of members, people, days and noise.
    """

    generations: int = 100
    population: int = 32
    episodes: int = 32
    hidden: int = 0
    head: str = BINS
    part: str | None = None
    sigma: float = 0.1
    warm_start: int = 10
    begin_with: str | None = None
    seed: int = 0
    algorithm: Literal["cma_es"] = "cma_es"

    def __post_init__(self) -> None:
        one_of(self.head, HEADS, "a head")
        for name, low in (("generations", 1), ("population", 3), ("episodes", 1), ("hidden", 0)):
            if getattr(self, name) < low:
                raise ConfigError(f"{name} >= {low}", f"{getattr(self, name)}", "Raise it.")
        if self.sigma <= 0.0 or self.warm_start < 0:
            raise ConfigError(
                "sigma > 0 and warm_start >= 0",
                f"sigma={self.sigma}, warm_start={self.warm_start}",
                "Correct the settings.",
            )
        if self.begin_with is not None and self.warm_start:
            raise ConfigError(
                "warm_start=0 with begin_with, which is where the search begins",
                f"warm_start={self.warm_start}",
                "Leave one of the two out.",
            )
