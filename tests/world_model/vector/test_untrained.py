"""The ablation keeps V and what describes the data, and forgets M."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.world_model.vector import pendulum
from world_model.vector.scores import judge_m, judge_v
from world_model.vector.train import Splits
from world_model.vector.untrained import LEARNED, write_untrained


def test_m_is_forgotten_and_v_is_not(tmp_path: Path) -> None:
    made = pendulum.checkpoint()
    blank = write_untrained(tmp_path / "model", made, 0)
    for name, value in made.weights.items():
        assert np.array_equal(blank.weights[name], value) != name.startswith(LEARNED), name
    splits = Splits.of(pendulum.log(), pendulum.SMALL.seed)
    assert judge_v(blank, splits) == judge_v(made, splits)
    worse, better = (judge_m(each, splits)["one_step"]["log_likelihood"] for each in (blank, made))
    assert worse < better - 1.0
