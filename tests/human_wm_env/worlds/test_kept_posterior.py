from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.runtime.world_model import load_world_model
from human_wm_env.worlds.kept_posterior import KeptLayout
from tests.world_model import tiny


@pytest.fixture(scope="module")
def layout() -> KeptLayout:
    return KeptLayout(load_world_model().architecture)


@pytest.fixture(scope="module")
def rows(layout: KeptLayout) -> np.ndarray:
    logs: LogDataset = tiny.logs()
    return layout.rows(
        *load_world_model().encode_beginnings(logs.history(2, 40), np.array([14, 28]))
    )


def test_what_was_kept_is_possible(layout: KeptLayout, rows: np.ndarray) -> None:
    assert layout.is_possible(rows)
    nets = KeptLayout(tiny.TINY)
    assert nets.is_possible(np.zeros((3, nets.width), dtype=np.float32))


@pytest.mark.parametrize(
    ("part", "value"),
    [
        *(("mean", np.nan), ("mean", np.inf), ("mean", 1e5), ("sd", -1.0), ("noise_scale", -0.1)),
        *(("weather", 4.0), ("weather", -2.0), ("weather", 0.5)),
    ],
)
def test_what_would_leave_the_loops_bounds_is_not(
    layout: KeptLayout, rows: np.ndarray, part: str, value: float
) -> None:
    end = dict(zip(layout._shapes, layout._ends, strict=True))[part]
    wrong = rows.copy()
    wrong[1, end - 1] = value
    assert not layout.is_possible(wrong)
