"""Requirements on effects, by hand."""

from __future__ import annotations

import pytest

from world_model.card.intervals import Interval
from world_model.card.natural_experiments import NaturalExperiment, NotTested
from world_model.card.requirements import Check, _intervention_checks
from world_model.card.results import Interventions


def experiment(slope: float) -> NaturalExperiment:
    return NaturalExperiment("mood", 9, 80, Interval(slope, None, None), (-0.3, 0.4), 0.2)


@pytest.mark.parametrize(("slope", "met"), [(0.5, True), (0.4, True), (0.3, False), (-0.9, False)])
def test_an_effect_has_to_be_more_than_chance_gives(slope: float, met: bool) -> None:
    natural = [NotTested("heart_rate_avg", 3), experiment(slope)]
    (check,) = _intervention_checks(Interventions("morning", None, natural))
    assert check.what.startswith("effects on mood")
    assert check.value == pytest.approx(slope - 0.4) and check.met is met


def test_a_bound_may_be_reached() -> None:
    assert Check("most", 1.0, 1.0, True).met and not Check("most", 1.1, 1.0, True).met
    assert Check("least", 1.0, 1.0, False).met and not Check("least", 0.9, 1.0, False).met
