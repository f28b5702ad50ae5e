"""Another feature in the schema: every place either handles it, or is an error at import."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# The package with some texts of the schema replaced.
EXTENDED = """
import sys, types, pathlib
import numpy as np
import human_wm_env.errors  # the root module is imported with the usual schema, ...
for name in [name for name in sys.modules if name.startswith("human_wm_env.")]:
    del sys.modules[name]
path = pathlib.Path(human_wm_env.__path__[0], "person", "schema.py")
source = path.read_text()
for old, new in CHANGES:
    assert old in source, old
    source = source.replace(old, new, 1)
import human_wm_env.person  # ... and everything below it with the changed one
schema = types.ModuleType("human_wm_env.person.schema")
sys.modules[schema.__name__] = human_wm_env.person.schema = schema
exec(compile(source, str(path), "exec"), vars(schema))
"""
BEFORE = '    Categorical(\n        "workout_type"'
STATE = (BEFORE, f'    Continuous("resting_heart_rate", "bpm", "state", 30, 110, 60, 8),\n{BEFORE}')
ACTION = (BEFORE, f'    Continuous("screen_hours", "h", "action", 0, 24, 4, 2),\n{BEFORE}')
IN_ORDER = ("    MINUTES,\n)", '    MINUTES,\n    INDEX["screen_hours"],\n)')
DRAWN = """
from human_wm_env.model.heads import HeadLayout
from human_wm_env.model.inputs import STATE_ORDER
from human_wm_env.runtime import disagreement, dream_step, sampling
layout, rng, slots = HeadLayout(STATE_ORDER, 2), np.random.default_rng(0), 5
assert [schema.FEATURE_NAMES[i] for i in STATE_ORDER][1] == "resting_heart_rate"
members = rng.standard_normal((3, layout.width, slots)).astype(np.float32)
chain = np.zeros((3, layout.encoded_width + 1, layout.width), dtype=np.float32)
row = np.full((schema.FEATURE_COUNT, slots), -1, dtype=np.float32)
row[list(schema.ACTION_FEATURES + schema.CONTEXT_FEATURES)] = 1.0
normal, uniform = rng.random((2, 4, slots), dtype=np.float32)
sampling.respond_loop(members, chain, layout.plan, 1.0, normal, uniform, row)
assert (row >= 0.0).all() and (row[6] >= 30.0).all() and (row[6] != row[5]).all()
row = np.clip(row, schema.LOWS[:, None], np.maximum(schema.HIGHS, 3)[:, None])
encoded = np.full((schema.ROW_WIDTH, slots), np.nan, dtype=np.float32)
dream_step.encode_loop(encoded, row, dream_step.DECIDED)
dream_step.encode_loop(encoded, row, dream_step.STATES)
np.testing.assert_allclose(encoded.T, schema.encode_rows(row.T), atol=1e-5)
apart = members.copy()
apart[:, layout.parameters[6]] += 5.0 * np.arange(3)[:, None, None]
both = np.zeros((2, slots), dtype=np.float32)
for each, found in zip((members, apart), both):
    disagreement.disagree_loop(each, layout.plan, found)
assert (both[1] > both[0] + 0.3).all()
"""


def run(code: str, *changes: tuple[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"CHANGES = {changes!r}\n{EXTENDED}\n{code}"],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
    )


def test_another_state_is_drawn_encoded_and_disagreed_about() -> None:
    done = run(DRAWN, STATE)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("code", "changes", "place"),
    [
        ("import human_wm_env.people.simulator", [STATE], "people/simulator.py"),
        ("", [ACTION], "person/schema.py"),
        ("import human_wm_env.person.feasible", [ACTION, IN_ORDER], "person/feasible.py"),
        ("import human_wm_env.person.actions", [ACTION, IN_ORDER], "person/feasible.py"),
    ],
)
def test_a_forgotten_place_is_an_error(
    code: str, changes: list[tuple[str, str]], place: str
) -> None:
    done = run(code, *changes)
    assert done.returncode == 1
    assert "feature once" in done.stderr and place in done.stderr
    name = changes[0][1].split('"')[1]
    assert name in done.stderr.splitlines()[-1]
