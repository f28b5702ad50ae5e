"""Settings of the audit."""

from __future__ import annotations

from dataclasses import dataclass

from human_wm_env.errors import ConfigError

FAMILIES = 6
NEGLIGIBLE_CORRELATION = 0.02
NEGLIGIBLE_SHARE = 0.002  # of the variance


@dataclass(frozen=True)
class AuditConfig:
    """Settings of the audit.

    Attributes:
        permutations: draws of each null; more than 120 are needed for a level of 0.05,
            because a sixth of it has to be reached.
        person_days: the permutation tests take people in random order until their logs
            make up so many days; the numbers themselves are of all people.
        level: family-wise error rate of the whole audit, shared by its six families.
        seed: of the people taken and of the permutations.
    """

    permutations: int = 199
    person_days: int = 20_000
    level: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        too_few = FAMILIES / (1 + self.permutations) > self.level
        if too_few or not 0.0 < self.level < 1.0 or self.person_days < 1:
            raise ConfigError(
                f"level in (0, 1), person_days >= 1 and permutations >= {FAMILIES} / level - 1",
                f"level={self.level}, person_days={self.person_days}, "
                f"permutations={self.permutations}",
                "With fewer permutations no p-value can reach a sixth of the level.",
            )
