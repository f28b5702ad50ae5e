from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.splits import everybody_trains, split_by_time
from human_wm_env.errors import ConfigError
from tests.human_wm_env.response import responses
from tests.world_model import tiny
from world_model.card.forecasts import Cells
from world_model.card.held_out_days import BASELINE, UNCORRECTED, HeldOutConfig, judge_held_out
from world_model.card.held_out_scores import AVERAGE, compare, coverage, summarise
from world_model.forecasters.forecast import BLEND, EXPONENTIAL, MIXED

SMALL = HeldOutConfig(
    draws=12,
    refine_steps=2,
    refine_window_days=16,
    update_steps=2,
    forecasters=[EXPONENTIAL, MIXED],
)


def cells(crps: float, error: float, users: int = 6, pit: float = 0.5) -> Cells:
    each = np.ones(users * 4)
    return Cells(
        users=np.repeat(np.arange(users), 4),
        crps=crps * each,
        squared_error=error * each,
        squared_spread=2.0 * each,
        pit=pit * each,
    )


def test_gains_by_hand() -> None:
    one = {"steps": cells(0.4, 1.0), "mood": cells(0.3, 2.0)}
    other = {"steps": cells(0.5, 1.5), "mood": cells(0.3, 1.8)}
    found = compare(one, other)
    assert found["steps"].r2 == 0.5 and found["steps"].r2_baseline == 0.25
    assert found["steps"].r2_gain.mean == pytest.approx(0.25)
    assert found["steps"].crps_gain.mean == pytest.approx(0.2)
    assert found["mood"].r2_gain.high == pytest.approx(-0.1)
    average = found[AVERAGE]
    assert average.cells == 48
    assert average.r2_gain.mean == pytest.approx(0.075)
    assert average.crps_gain.low == pytest.approx(0.1)


def test_what_is_significantly_worse_and_how_far_coverage_is_off() -> None:
    one = {"steps": cells(0.4, 1.0, pit=0.5), "mood": cells(0.3, 2.0, pit=0.97)}
    other = {"steps": cells(0.5, 1.5), "mood": cells(0.3, 1.8)}
    covered = {"1": coverage(one)}
    over_blend = compare(other, one)[AVERAGE]
    said = summarise({"1": compare(one, other), "7": compare(one, other)}, over_blend, covered)
    assert said.r2_gain_over_blend.mean == pytest.approx(-0.075)
    assert said.significantly_worse == ["mood (R2)"]
    assert said.average_r2_gain.mean == pytest.approx(0.075)
    # Half of the cells are in the middle, the others beyond the 80% interval.
    assert covered["1"]["all"]["50%"].mean == 0.5
    assert (said.coverage_off, said.coverage_off_where) == (pytest.approx(0.3), "80%, 1 ahead")


def judged(posterior: str, **settings: Any) -> dict[str, Any]:
    config = HeldOutConfig(**{**vars(SMALL), "posterior": posterior, **settings})
    split = split_by_time(tiny.logs(), 0.1)
    return dataclasses.asdict(judge_held_out(tiny.runtime(), split, config))


@pytest.mark.parametrize("posterior", ["encoder", "refined"])
def test_everything_is_there_and_json_able(posterior: str) -> None:
    found = judged(posterior)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    about = found["about"]
    assert (about["people"], about["held_out_days"], about["split"]) == (12, 144, "time")
    assert about["trained_on_the_days_before"] is False
    assert list(found["days_ahead"]) == ["1", "7"]
    assert len(found["days_ahead"]["1"]) == 9 + 1
    one, week = (found["days_ahead"][h]["steps"]["cells"] for h in ("1", "7"))
    assert one > week > 0
    # Random nets know nothing; the baseline does.
    assert found["days_ahead"]["1"][AVERAGE]["r2_gain"]["high"] < 0.0
    assert "steps (R2)" in found["summary"]["significantly_worse"]
    # So do the statistical forecasters, on the same cells; the data never reach LightGBM's.
    assert about["forecasters"] == [EXPONENTIAL, MIXED]
    names = [UNCORRECTED, EXPONENTIAL, MIXED, BLEND]
    for horizon, days_ahead in found["days_ahead"].items():
        assert list(found["forecasters"][horizon]) == names
        for name, beside in found["dream_beside"][horizon].items():
            average = found["forecasters"][horizon][name][AVERAGE]
            assert average["cells"] == days_ahead[AVERAGE]["cells"]
            assert average["r2_baseline"] == days_ahead[AVERAGE]["r2_baseline"]
            assert beside[AVERAGE]["r2"] == days_ahead[AVERAGE]["r2"]
            assert beside[AVERAGE]["r2_baseline"] == average["r2"]
            worse = beside[AVERAGE]["crps_gain"]["high"] < 0.0
            assert worse == (name != UNCORRECTED)
    assert set(found["coverage"]) == {"dream", BASELINE, *names}


def test_one_person_has_gains_without_intervals() -> None:
    some = tiny.logs()
    alone = LogDataset.from_arrays(some.rows[:1], some.observed[:1], start_weekday=np.zeros(1))
    split = everybody_trains(split_by_time(alone, 0.1))
    scores = dataclasses.asdict(judge_held_out(tiny.runtime(), split, SMALL))
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores
    assert (scores["about"]["people"], scores["about"]["held_out_days"]) == (1, 12)
    for row in scores["days_ahead"]["1"].values():
        assert row["crps_gain"]["low"] is None and row["r2_gain"]["high"] is None
    assert scores["coverage"]["dream"]["1"]["all"]["80%"]["low"] is None
    assert scores["summary"]["significantly_worse"] == []


def test_forecasts_as_the_nets_make_them() -> None:
    corrected, plain = (judged("encoder", local_level=one) for one in (True, False))
    of_nets = corrected["forecasters"]["1"][UNCORRECTED]
    for name, row in plain["days_ahead"]["1"].items():
        assert row["r2"] == of_nets[name]["r2"]
    assert UNCORRECTED not in plain["forecasters"]["1"]
    # Random nets are far off, always in the same direction.
    average = corrected["days_ahead"]["1"][AVERAGE]
    assert average["crps"] < 0.9 * of_nets[AVERAGE]["crps"]


def test_how_posteriors_are_refined_matters() -> None:
    skill = {
        name: judged("refined", **settings)["days_ahead"]["1"][AVERAGE]["crps"]
        for name, settings in {
            "daily": {},
            "once": {"update_every_days": 0},
            "loose": {"refine_beta": 0.0},
        }.items()
    }
    assert len(set(skill.values())) == 3


def test_forecasts_are_pooled_in_equal_shares() -> None:
    split = split_by_time(tiny.logs(), 0.1)
    alone = judge_held_out(tiny.runtime(), split, SMALL)
    pooled = judge_held_out(tiny.runtime(), split, SMALL, pooled_with=[tiny.runtime()])
    assert len(pooled.about["weights_sha256"]) == 2
    one, both = (found.days_ahead["1"][AVERAGE].crps for found in (alone, pooled))
    assert one != both == pytest.approx(one, rel=0.05)


def test_the_baseline_is_calibrated_on_held_out_days() -> None:
    found = judged("encoder")["coverage"][BASELINE]["1"]["all"]
    assert abs(found["80%"]["mean"] - 0.8) < 0.08


def test_the_same_seed_gives_the_same_numbers() -> None:
    assert judged("encoder") == judged("encoder")


@pytest.mark.parametrize(
    "wrong",
    [
        {"posterior": "best"},
        {"draws": 1},
        {"horizons": []},
        {"horizons": [0]},
        {"update_every_days": -1},
        {"refine_beta": -0.5},
        {"forecasters": ["ridge"]},
    ],
)
def test_settings_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        HeldOutConfig(**wrong)


@pytest.mark.parametrize("posterior", ["encoder", "refined"])
def test_a_checkpoint_with_a_response(posterior: str) -> None:
    """Its posterior of z_a and z_c is exact, before every day; only z_b is refined."""
    config = dataclasses.replace(SMALL, posterior=posterior, horizons=[1, 2])
    split = split_by_time(tiny.logs(), 0.05)
    found = judge_held_out(responses.runtime(), split, config)
    assert np.isfinite(found.days_ahead["2"][AVERAGE].crps)
    assert UNCORRECTED in found.forecasters["1"]
