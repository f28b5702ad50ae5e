"""From `Env.step` to the reward an action enters few files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MOST = 10
# Called in a step as well, but not on the way from the action to its reward: what the agent
# will see, how uncertain the step is, tomorrow's weather, and tables of traits, features and the
# calendar.
BESIDE_THE_WAY = {
    *("person/observations.py", "envs/observation_view.py", "envs/info_masks.py"),
    "runtime/disagreement.py",
    *("person/missingness.py", "people/missingness.py", "person/weather.py"),
    *("people/traits.py", "person/schema.py", "person/choices.py"),
}
COUNT = """
import sys
import gymnasium as gym
import numpy as np
import human_wm_env
from human_wm_env import Env, VectorEnv

env_id, slots = sys.argv[1], int(sys.argv[2])
env = gym.make_vec(env_id, slots) if slots else gym.make(env_id).unwrapped
env.reset(seed=0)
action = np.zeros(env.action_space.shape, dtype=np.float32)
env.step(action)
entered = {}

def watch(frame, event, argument):
    name = frame.f_code.co_filename
    if event == "call" and "human_wm_env" in name and frame.f_code.co_name != "<module>":
        entered.setdefault(name.rpartition("human_wm_env/")[2], None)

sys.setprofile(watch)
env.step(action)
sys.setprofile(None)
print(*entered)
"""


@pytest.mark.parametrize("slots", [0, 3])
@pytest.mark.parametrize("env_id", ["HumanWM-v0", "HumanWMSim-v0"])
def test_an_action_enters_few_files(env_id: str, slots: int) -> None:
    # Compiled loops are entered as well, as Python.
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-c", COUNT, env_id, str(slots)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    files = set(done.stdout.split()) - BESIDE_THE_WAY
    assert {"person/actions.py", "person/rewards.py", "envs/scalarize.py"} < files
    assert len(files) <= MOST, sorted(files)
