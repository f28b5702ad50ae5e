"""What the nets see is as wide as the nets are told."""

from __future__ import annotations

import numpy as np

from human_wm_env.model import inputs, memory
from human_wm_env.person import schema


def day(people: int = 2, days: int = 3) -> dict[str, np.ndarray]:
    shape = (people, days)
    rng = np.random.default_rng(0)
    return {
        "row": rng.standard_normal((*shape, schema.ROW_WIDTH)),
        "observed": rng.random((*shape, schema.FEATURE_COUNT)) < 0.5,
        "remembered": rng.standard_normal((*shape, memory.WIDTH)),
        "weekday": rng.standard_normal((*shape, 2)),
        "weather": np.eye(4)[rng.integers(4, size=shape)],
    }


def test_widths() -> None:
    of = day()
    rest = (of["remembered"], of["weekday"], of["weather"])
    policy = inputs.policy_inputs(of["row"], of["observed"], *rest)
    assert policy.shape == (2, 3, inputs.POLICY_WIDTH) and policy.dtype == np.float32
    transition = inputs.transition_inputs(
        of["row"], of["observed"], of["row"], of["observed"], *rest
    )
    assert transition.shape == (2, 3, inputs.TRANSITION_WIDTH)
    mask = transition[..., inputs.STATE_MASK_PART]
    np.testing.assert_array_equal(mask, of["observed"][..., list(inputs.STATE_ORDER)])


def test_the_encoder_sees_the_states_of_the_day_before() -> None:
    of = day()
    found = inputs.encoder_inputs(of["row"], of["observed"], of["weekday"], of["remembered"])
    assert found.shape == (2, 3, inputs.ENCODER_WIDTH)
    states = len(inputs.STATE_COLUMNS)
    before = found[..., -states - len(inputs.STATE_ORDER) :]
    assert not before[:, 0].any()
    np.testing.assert_allclose(
        before[:, 1:, :states], of["row"][:, :-1][..., inputs.STATE_COLUMNS], rtol=1e-6
    )
    np.testing.assert_array_equal(
        before[:, 1:, states:], of["observed"][:, :-1][..., list(inputs.STATE_ORDER)]
    )
