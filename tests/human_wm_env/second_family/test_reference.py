"""The estimator that knows the equations."""

from __future__ import annotations

import numpy as np

from human_wm_env.second_family.effects import POLICIES, exact_effects
from human_wm_env.second_family.people import draw_people
from human_wm_env.second_family.reference import reference_effects
from human_wm_env.second_family.simulate import begin, lose_cells, simulate
from human_wm_env.second_family.structure import MEMBERS, draw_structure

STRUCTURES = [draw_structure(member) for member in range(MEMBERS)]


def test_who_knows_the_equations_finds_the_effects() -> None:
    structure = STRUCTURES[0]
    people = draw_people(structure, 40, 9)
    state = begin(structure, people, 9)
    days = simulate(structure, people, state, 300, np.random.default_rng(4))
    observed = lose_cells(structure, days.rows, np.random.default_rng(5))
    chosen = {name: POLICIES[name] for name in ("sleep 1 h more", "run 60 min")}
    true = exact_effects(structure, people, days.state, chosen)
    found = reference_effects(structure, days.rows, observed, chosen, draws=50)
    slept = true["sleep 1 h more"][0].mean(axis=1), found["sleep 1 h more"][0].mean(axis=(1, 2))
    assert np.corrcoef(*slept)[0, 1] > 0.9
    assert abs(slept[0].mean() / slept[1].mean() - 1.0) < 0.15
    felt = true["run 60 min"][1].mean(axis=1), found["run 60 min"][1].mean(axis=(1, 2))
    assert np.corrcoef(*felt)[0, 1] > 0.4
