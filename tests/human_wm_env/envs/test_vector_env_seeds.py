"""People, branches and noise of the slots, by seeds."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedConfig, assemble, generate
from human_wm_env.worlds.simulator import SimulatorWorld
from tests.human_wm_env.envs.vector_envs import ROOT, Make, actions, dumped, run


@pytest.mark.parametrize("num_envs", [1, 8, 125, 130, 250])
def test_branches_of_a_group_share_a_person(num_envs: int, make: Make) -> None:
    env = make(num_envs, split="all")
    observation, info = env.reset(seed=3)
    assert observation.shape == (num_envs, 43) and env.observation_space.contains(observation)
    assert info["branch"].tolist() == [slot % 125 for slot in range(num_envs)]
    for group in range(0, num_envs, 125):
        slots = slice(group, group + 125)
        assert len(set(info["user_index"][slots])) == len(set(info["day"][slots])) == 1
    if num_envs > 125:
        assert (info["user_index"][0], info["day"][0]) != (
            info["user_index"][125],
            info["day"][125],
        )
    observation, reward, _, _, _ = env.step(np.zeros((num_envs, 7)))
    assert env.observation_space.contains(observation) and reward.shape == (num_envs,)


def test_a_bigger_env_begins_with_the_smaller_one(make: Make) -> None:
    one, other = make(8), make(130)
    np.testing.assert_allclose(one.reset(seed=0)[0], other.reset(seed=0)[0][:8], atol=1e-5)
    for action in actions(6, 130):
        np.testing.assert_allclose(one.step(action[:8])[0], other.step(action)[0][:8], atol=1e-5)


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_autoreset_brings_a_new_person_and_keeps_the_branch(mode: str, make: Make) -> None:
    env = make(130, autoreset_mode=mode, split="all")
    starts = []
    _, info = env.reset(seed=1)
    for action in actions(21, 130):
        starts.append((info["user_index"][0], info["user_index"][125]))
        assert info["branch"].tolist() == [slot % 125 for slot in range(130)]
        assert len(set(info["user_index"][:125])) == len(set(info["user_index"][125:])) == 1
        info = env.step(action)[-1]
    assert len({first for first, _ in starts}) >= 3 and len({last for _, last in starts}) >= 3


def test_people_each_have_their_own_start_and_branch(make: Make) -> None:
    _, info = make(40, layout="people", split="all").reset(seed=1)
    assert (
        len(set(zip(info["user_index"], info["day"], strict=True))) > 30
        and len(set(info["branch"])) > 20
    )


def test_every_slot_has_its_own_noise(make: Make) -> None:
    env = make(20, masking="none", observation="dict")
    env.reset(seed=0, options={"user": "p003", "day": 50})
    observation = env.step(np.zeros((20, 7)))[0]
    rates = observation["heart_rate_avg"]
    inside = rates[rates > env.single_observation_space["heart_rate_avg"].low[0]]
    assert len(np.unique(inside)) == len(inside) > 10  # random weights reach the bound


def test_the_same_seed_gives_the_same_bytes(make: Make) -> None:
    env = make(7)
    first = dumped(run(env, 12, seed=5))
    assert dumped(run(env, 12, seed=5)) == first
    assert dumped(run(make(7), 12, seed=5)) == first
    assert dumped(run(make(7), 12, seed=6)) != first


CHILD = """
import sys
sys.path.insert(0, {root!r})
from tests.human_wm_env.envs.test_vector_env_seeds import fingerprint
print(fingerprint())
"""


def fingerprint() -> str:
    config = EmbeddedConfig(users=4, days=80, seed=1)
    env = VectorEnv(SimulatorWorld(assemble(config, generate(config)), horizon=3), 6)
    digest = hashlib.sha256()
    for step in run(env, 9, seed=2):
        for part in step[:-1]:
            digest.update(part.tobytes())
        digest.update(step[-1]["action"].tobytes() if "action" in step[-1] else b"")
    return digest.hexdigest()


def test_a_new_process_gives_the_same_bytes() -> None:
    code = CHILD.format(root=str(ROOT))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == fingerprint()


def test_a_list_of_seeds_gives_noise_per_slot_and_latents_per_group(make: Make) -> None:
    env = make(4)
    _, info = env.reset(seed=[7, 8, 9, 10])
    assert len(set(info["user_index"])) == len(set(info["day"])) == 1
    one = env.step(np.zeros((4, 7)))[1]
    env.reset(seed=[7, 8, 0, 10])
    other = env.step(np.zeros((4, 7)))[1]
    assert (one == other).tolist() == [True, True, False, True]
    _, info = env.reset(seed=np.array([99, 8, 9, 10]))
    assert len(set(info["user_index"])) == 1


def test_slots_without_a_seed_go_on(make: Make) -> None:
    env, other = make(3, layout="people"), make(3, layout="people")
    env.reset(seed=1)
    other.reset(seed=1)
    mixed, _ = env.reset(seed=[None, 5, None])
    going_on, _ = other.reset()
    seeded, _ = make(3, layout="people").reset(seed=[5, 5, 5])
    np.testing.assert_array_equal(mixed[[0, 2]], going_on[[0, 2]])
    np.testing.assert_array_equal(mixed[1], seeded[1])


def test_a_partial_reset_seeds_only_the_slots_it_resets(make: Make) -> None:
    mask = np.array([False, True, False])
    env, other = make(3, layout="people"), make(3, layout="people")
    for one, seed in ((env, 77), (other, None)):
        one.reset(seed=1)
        one.reset(seed=seed, options={"reset_mask": mask})
    later = [env.reset()[0], other.reset()[0]]
    np.testing.assert_array_equal(later[0][[0, 2]], later[1][[0, 2]])
    assert (later[0][1] != later[1][1]).any()


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ([1, 2], "3 seeds, one per slot"),
        ([1, 2, -3], "a seed >= 0"),
        (-1, "a seed >= 0"),
        ([1, 2, 3.5], "a seed as a whole number"),
        (2.5, "a seed as a whole number"),
        (iter([1, 2, 3]), "a seed as a whole number"),
    ],
)
def test_impossible_seeds_are_refused(make: Make, seed: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make(3).reset(seed=seed)


@pytest.mark.parametrize(
    "options", ["p007", [("user", "p007")], {"episode": -1}, {"episode": 2**80}]
)
def test_impossible_options_are_refused(make: Make, options: Any) -> None:
    with pytest.raises(ConfigError, match=r"mapping|episode"):
        make(3).reset(seed=0, options=options)


def test_numpy_scalars_are_one_value_for_all_slots(make: Make) -> None:
    env = make(3)
    numbers = {"user": env.world.user_name(1), "day": 70}
    arrays = {name: np.array(value) for name, value in numbers.items()}
    wanted = env.reset(seed=np.array(3), options=arrays)[0]
    np.testing.assert_array_equal(wanted, env.reset(seed=3, options=numbers)[0])


@pytest.mark.parametrize("mask", [[1, 0, 1], np.zeros(3, dtype=bool), np.ones(2, dtype=bool)])
def test_impossible_masks_are_refused(make: Make, mask: Any) -> None:
    env = make(3)
    env.reset(seed=0)
    with pytest.raises(ConfigError, match="a reset_mask of 3 booleans"):
        env.reset(options={"reset_mask": mask})
