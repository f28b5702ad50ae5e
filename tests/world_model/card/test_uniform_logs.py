from __future__ import annotations

import copy
import json

from human_wm_env.data.uniform_logs import UniformConfig, uniform_logs
from tests.world_model import tiny
from world_model.card.uniform_logs import measure, requirements

LOGS = uniform_logs(UniformConfig(users=20, days=60))


def test_random_nets_are_found_out() -> None:
    found = measure(tiny.runtime(), LOGS, starts_per_person=2, draws=20, horizons=(1, 7))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["people"], found["starts"]) == (2, 4)
    met = {check.what: check.met for check in requirements(found)}
    assert not any(met.values()), met


def test_a_model_that_found_nothing_passes() -> None:
    found = measure(tiny.runtime(), LOGS, starts_per_person=1, draws=10, horizons=(1,))
    found = copy.deepcopy(found)
    for each in found["latents"].values():
        each.update(active_units=0, kl_nats=0.01)
    for level, nominal in (("50%", 0.5), ("80%", 0.8), ("95%", 0.95)):
        found["coverage"]["1"]["all"][level]["mean"] = nominal + 0.02
    found["spread"]["1"] = dict.fromkeys(found["spread"]["1"], 1.1)
    assert all(check.met for check in requirements(found))
    found["spread"]["1"]["steps"] = 0.8
    failed = [check for check in requirements(found) if not check.met]
    assert [check.where for check in failed] == ["steps, day 1"]
