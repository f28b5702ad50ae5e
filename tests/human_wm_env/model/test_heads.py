from __future__ import annotations

import numpy as np

from human_wm_env.model.heads import HeadLayout
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
