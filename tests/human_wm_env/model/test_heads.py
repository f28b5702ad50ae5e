from __future__ import annotations

import numpy as np

from human_wm_env.model.heads import HeadLayout, mixture_columns, scale_of
from human_wm_env.model.inputs import ACTION_ORDER, STATE_ORDER
from human_wm_env.person import schema


def test_the_layout_of_the_states_by_hand() -> None:
    layout = HeadLayout(STATE_ORDER, 2)
    assert layout.parameters == {schema.HEART_RATE: slice(0, 6), schema.MOOD: slice(6, 10)}
    assert layout.encoded == {schema.HEART_RATE: slice(0, 1), schema.MOOD: slice(1, 5)}
    assert (layout.width, layout.encoded_width, layout.chain_width) == (10, 5, 7)
    mask = np.zeros((7, 10))
    mask[0, 6:] = 1  # the heart rate shifts the mood,
    mask[5, 6:] = 1  # and so does whether it is known
    np.testing.assert_array_equal(layout.chain_mask, mask)


def test_the_chain_leads_from_earlier_to_later_features_only() -> None:
    layout = HeadLayout(ACTION_ORDER, 3)
    assert layout.width == 5 * 9 + 7 + 5
    for place, index in enumerate(ACTION_ORDER):
        rows = [*range(layout.encoded[index].start, layout.encoded[index].stop)]
        rows.append(layout.encoded_width + place)
        for other, later in enumerate(ACTION_ORDER):
            part = layout.chain_mask[rows][:, layout.parameters[later]]
            assert (part == float(other > place)).all()


def test_what_a_sampler_needs_by_hand() -> None:
    layout = HeadLayout(STATE_ORDER, 2)
    assert layout.plan.tolist() == [[schema.HEART_RATE, 0, 6, 0, 0], [schema.MOOD, 6, 10, 1, 4]]
    assert mixture_columns(slice(4, 10), 2) == (slice(4, 6), slice(6, 8), slice(8, 10))


def test_scales_are_softplus_above_a_floor() -> None:
    """However certain the net is, a hundredth of the schema's scale is left."""
    found = scale_of(np.array([-200.0, 0.0, 200.0]))
    np.testing.assert_allclose(found, [0.01, np.log(2.0) + 0.01, 200.01], rtol=1e-12)
