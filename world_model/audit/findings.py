"""What one family of tests found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from world_model.audit.permutation import TestResult


@dataclass(frozen=True)
class Finding:
    """One number and whether chance explains it.

    Attributes:
        of: the signal or feature.
        to: what it is linked with, None for a number of one feature.
        value: of all people: ICC, correlation or share of variance.
        days: person-days it was computed from.
        z: distance from the null's mean in its standard deviations, of the people tested;
            None where there was nothing to test.
        p: adjusted for all tests of the family; None as above.
    """

    of: str
    to: str | None
    value: float
    days: int
    z: float | None
    p: float | None


@dataclass(frozen=True)
class Family:
    """Tests of one question, with a common error rate.

    Attributes:
        question: what was asked.
        findings: one per test; those without data are left out.
        level: largest adjusted p-value that counts as found.
        negligible: smaller absolute values do not count as found, however certain.
    """

    question: str
    findings: tuple[Finding, ...]
    level: float
    negligible: float

    @property
    def tested(self) -> tuple[Finding, ...]:
        """Findings that could be compared with a null."""
        return tuple(finding for finding in self.findings if finding.p is not None)

    @property
    def found(self) -> tuple[Finding, ...]:
        """Findings that are neither chance nor negligible, the largest first."""
        real = [finding for finding in self.tested if self.is_found(finding)]
        return tuple(sorted(real, key=lambda finding: -abs(finding.value)))

    def is_found(self, finding: Finding) -> bool:
        """Return whether a finding is neither chance nor negligible."""
        certain = finding.p is not None and finding.p <= self.level
        return certain and abs(finding.value) >= self.negligible

    def named(self, of: str, to: str | None = None) -> Finding | None:
        """Return the finding of a signal (and its partner, in either order), if there is one."""
        for finding in self.findings:
            if {finding.of, finding.to} == {of, to}:
                return finding
        return None


def collect(
    question: str,
    names: list[tuple[str, str | None]],
    values: np.ndarray,
    days: np.ndarray,
    result: TestResult,
    *,
    level: float,
    negligible: float,
) -> Family:
    """Put the numbers of a family together; NaN values are left out.

    Args:
        question: what was asked.
        names: of and to of each test.
        values: float (tests,), of all people.
        days: int (tests,), person-days behind each value.
        result: of the people tested.
        level: see `Family`.
        negligible: see `Family`.
    """
    findings = [
        Finding(
            of,
            to,
            float(values[index]),
            int(days[index]),
            _number(result.z[index]),
            _number(result.p[index]),
        )
        for index, (of, to) in enumerate(names)
        if np.isfinite(values[index])
    ]
    return Family(question, tuple(findings), level, negligible)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
