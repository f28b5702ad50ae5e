"""Exact effects of constant policies."""

from __future__ import annotations

import numpy as np

from human_wm_env.response.ordinal import normal_cdf
from human_wm_env.second_family.effects import (
    MOOD_LEVELS,
    POLICIES,
    REST,
    exact_effects,
    mood_value,
)
from human_wm_env.second_family.people import draw_people
from human_wm_env.second_family.simulate import Policy, begin, policy_row
from human_wm_env.second_family.structure import MEMBERS, draw_structure

STRUCTURES = [draw_structure(member) for member in range(MEMBERS)]


def test_pairs_share_their_noise() -> None:
    structure = STRUCTURES[2]
    people = draw_people(structure, 5, 1)
    state = begin(structure, people, 1)
    effects = exact_effects(
        structure, people, state, {"rest": REST, "sleep": Policy(sleep_hours=6.0)}, days=10
    )
    assert not effects["rest"].any()
    assert effects["sleep"].shape == (2, 5, 10)
    # Linear in the personal coefficient of sleep, whatever the noise: a threshold is below 7.8 h.
    drop = structure.drivers(policy_row(Policy(sleep_hours=6.0)))[0]
    drop = drop - structure.drivers(policy_row(REST))[0]
    arrived = 1.0 - structure.decay[0] ** np.arange(1, 11)
    expected = people.coefficients[0, :, 0][:, None] * drop * arrived
    np.testing.assert_allclose(effects["sleep"][0], expected, rtol=1e-6)


def test_the_policies_by_hand() -> None:
    """On top of 7 h, 30 minutes and 4,000 steps: on foot 110 steps a minute, in the gym 30."""
    found = {
        name: (each.sleep_hours, each.active_minutes, each.steps, each.workout, each.location)
        for name, each in POLICIES.items()
    }
    assert found == {
        "sleep 1 h more": (8.0, 30.0, 4000.0, "None", "Home"),
        "sleep 1 h less": (6.0, 30.0, 4000.0, "None", "Home"),
        "sleep 2 h more": (9.0, 30.0, 4000.0, "None", "Home"),
        "walk 30 min": (7.0, 60.0, 4000.0 + 30 * 110, "Walking", "Home"),
        "run 30 min": (7.0, 60.0, 4000.0 + 30 * 110, "Running", "Home"),
        "run 60 min": (7.0, 90.0, 4000.0 + 60 * 110, "Running", "Home"),
        "gym 60 min": (7.0, 90.0, 4000.0 + 60 * 30, "Gym Workout", "Home"),
        "cycle 60 min": (7.0, 90.0, 5000.0, "Cycling", "Home"),
        "in the park": (7.0, 30.0, 4000.0, "None", "Park"),
        "10,000 steps": (7.0, 100.0, 10000.0, "None", "Home"),
    }


def test_the_mood_reward_of_a_latent_mood_by_hand() -> None:
    assert MOOD_LEVELS.tolist() == [0.0, 0.3, 0.6, 1.0]
    cutpoints, latent = STRUCTURES[0].cutpoints, np.array([-0.4, 0.9])
    below = normal_cdf(cutpoints[:, None] - latent)
    shares = np.diff(np.concatenate([[[0.0, 0.0]], below, [[1.0, 1.0]]]), axis=0)
    np.testing.assert_allclose(mood_value(STRUCTURES[0], latent), MOOD_LEVELS @ shares, rtol=1e-6)


def test_pairs_are_averaged_and_a_seed_draws_others() -> None:
    structure = STRUCTURES[2]
    people = draw_people(structure, 4, 1)
    state, chosen = begin(structure, people, 1), {"sleep": Policy(sleep_hours=6.0)}
    one, two, other = (
        exact_effects(structure, people, state, chosen, days=3, pairs=pairs, seed=seed)["sleep"]
        for pairs, seed in ((1, 0), (2, 0), (1, 1))
    )
    assert one.shape == (2, 4, 3)
    assert (one[1] != two[1]).any() and (one[1] != other[1]).any()  # the mood's slow noise
    np.testing.assert_allclose(one[0], two[0], rtol=1e-6)  # the heart rate's has none
