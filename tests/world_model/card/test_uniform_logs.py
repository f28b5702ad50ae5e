from __future__ import annotations

import dataclasses
import json

from human_wm_env.data.uniform_logs import UniformConfig, uniform_logs
from tests.world_model import tiny
from world_model.card.intervals import Interval
from world_model.card.uniform_logs import measure, requirements

LOGS = uniform_logs(UniformConfig(users=20, days=60))


def test_random_nets_are_found_out() -> None:
    found = measure(tiny.runtime(), LOGS, starts_per_person=2, draws=20, horizons=(1, 7))
    plain = dataclasses.asdict(found)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert (found.people, found.starts) == (2, 4)
    met = {check.what: check.met for check in requirements(found)}
    assert not any(met.values()), met


def test_a_model_that_found_nothing_passes() -> None:
    found = measure(tiny.runtime(), LOGS, starts_per_person=1, draws=10, horizons=(1,))
    nothing = dataclasses.replace(found.latents["a"], active_units=0, kl_nats=0.01)
    levels = {"50%": 0.5, "80%": 0.8, "95%": 0.95}
    covered = {level: Interval(share + 0.02, 0.0, 1.0) for level, share in levels.items()}
    spread = dict.fromkeys(found.spread["1"], 1.1)
    found = dataclasses.replace(
        found,
        latents=dict.fromkeys("abc", nothing),
        coverage={"1": {"all": covered}},
        spread={"1": spread},
    )
    assert all(check.met for check in requirements(found))
    spread["steps"] = 0.8
    failed = [check for check in requirements(found) if not check.met]
    assert [check.where for check in failed] == ["steps, day 1"]
