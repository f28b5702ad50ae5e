from __future__ import annotations

import copy
import hashlib
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from human_wm_env.dataset import History, LogDataset
from human_wm_env.envs.env import Env
from human_wm_env.envs.person_context import VectorPersonContext
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError, DataError, InvalidActionError, ResetNeededError
from human_wm_env.people.embedded import EmbeddedConfig, EmbeddedPeople, assemble, generate
from human_wm_env.runtime import world_model as runtimes
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.person_world import PersonWorld
from human_wm_env.worlds.replay import ReplayWorld
from human_wm_env.worlds.simulation import SimulatorWorld
from human_wm_env.worlds.start_options import BRANCHES
from tests.world_model import tiny

ROOT = Path(__file__).resolve().parents[3]
HORIZON = 4
LIVED = ("action", "uncertainty", "reward_components", "pessimism_penalty")
AT_RESET = ("user", "day", "branch", "mask")
MODES = list(AutoresetMode)
Make = Callable[..., VectorEnv]


def world_of(kind: str, small: EmbeddedPeople, **settings: Any) -> PersonWorld[Any]:
    settings = {"horizon": HORIZON} | settings
    if kind == "dream":
        return DreamWorld(tiny.runtime(), small.dataset, **settings)
    return SimulatorWorld(small, **settings)


@pytest.fixture(params=["simulator", "dream"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(kind: str, small: EmbeddedPeople) -> Make:
    def made(num_envs: int, **arguments: Any) -> VectorEnv:
        settings = {"horizon", "split", "adherence", "masking", "weather"}
        own = {name: arguments.pop(name) for name in settings & set(arguments)}
        return VectorEnv(world_of(kind, small, **own), num_envs, **arguments)

    return made


def actions(steps: int, slots: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (steps, slots, 7)).astype(np.float32)


def dumped(value: Any) -> bytes:
    return pickle.dumps(value)


def run(env: VectorEnv, steps: int = 6, seed: int = 0) -> list[Any]:
    seen = [env.reset(seed=seed)]
    seen += [env.step(action) for action in actions(steps, env.num_envs)]
    return seen


# A slot is the scalar env with the same streams -----------------------------------------------


class Slots:
    """Scalar envs stepped one by one, with Gymnasium's autoreset written down again."""

    def __init__(self, envs: list[Env], options: list[dict[str, Any]], mode: AutoresetMode) -> None:
        self.envs, self.options, self.mode = envs, options, mode
        self.over = [False] * len(envs)

    def reset(self, slot: int, seed: int | None = None) -> tuple[Any, ...]:
        self.over[slot] = False
        return self.envs[slot].reset(seed=seed, options=self.options[slot])

    def step(self, slot: int, action: np.ndarray) -> tuple[Any, ...]:
        """Observation, reward, truncated, info, and the last day's observation and info."""
        if self.over[slot] and self.mode == AutoresetMode.NEXT_STEP:
            observation, info = self.reset(slot)
            return observation, 0.0, False, info, None, None
        observation, reward, _, over, info = self.envs[slot].step(action)
        self.over[slot] = over
        if over and self.mode == AutoresetMode.SAME_STEP:
            first, at_reset = self.reset(slot)
            return first, reward, True, at_reset, observation, info
        return observation, reward, over, info, None, None


def check_info(info: dict[str, Any], slot: int, expected: dict[str, Any]) -> None:
    """Compare one slot of batched info with scalar info, `_key` masks included."""
    for name in (*AT_RESET, *LIVED):
        mask = info.get(f"_{name}")
        assert (mask is not None and bool(mask[slot])) == (name in expected), name
    for name, value in expected.items():
        if isinstance(value, dict):
            for part, number in value.items():
                assert info[name][f"_{part}"][slot]
                assert info[name][part][slot] == pytest.approx(number, abs=1e-5)
        elif name == "action":
            np.testing.assert_allclose(info[name][slot], value, rtol=1e-5)
        elif isinstance(value, np.ndarray):
            np.testing.assert_array_equal(info[name][slot], value)
        elif isinstance(value, float):
            assert info[name][slot] == pytest.approx(value, abs=1e-5)
        else:
            assert info[name][slot] == value


@pytest.mark.parametrize("seeds", ["int", "list", "people"])
@pytest.mark.parametrize("mode", MODES)
def test_slots_are_scalar_envs_with_staggered_ends(
    mode: AutoresetMode, seeds: str, kind: str, make: Make, small: EmbeddedPeople
) -> None:
    slots = 7
    layout = "people" if seeds == "people" else "branches"
    options = [{} if seeds == "people" else {"branch": slot} for slot in range(slots)]
    given: Any = {"int": 11, "list": [5] * slots, "people": list(range(20, 20 + slots))}[seeds]
    each = [given] * slots if seeds == "int" else given
    env = make(slots, layout=layout, autoreset_mode=mode)
    scalars = Slots([Env(world_of(kind, small)) for _ in range(slots)], options, mode)

    observation, info = env.reset(seed=given)
    for slot in range(slots):
        first, expected = scalars.reset(slot, each[slot])
        np.testing.assert_allclose(observation[slot], first, atol=1e-5)
        check_info(info, slot, expected)

    for late, action in enumerate(actions(14, slots)):
        early = np.zeros(slots, dtype=bool)
        if late in (2, 3):  # stagger the ends
            early[[1, 4] if late == 2 else [4, 6]] = True
        if mode == AutoresetMode.DISABLED:
            early |= np.array(scalars.over)
        if early.any():
            observation, info = env.reset(options={"reset_mask": early})
            assert info["_day"].tolist() == early.tolist()
            for slot in np.flatnonzero(early):
                first, expected = scalars.reset(slot)
                np.testing.assert_allclose(observation[slot], first, atol=1e-5)
                check_info(info, slot, expected)
        observation, reward, terminated, truncated, info = env.step(action)
        assert not terminated.any()
        for slot in range(slots):
            first, paid, over, expected, last, last_info = scalars.step(slot, action[slot])
            np.testing.assert_allclose(observation[slot], first, atol=1e-5)
            assert reward[slot] == pytest.approx(paid, abs=1e-5)
            assert bool(truncated[slot]) == over
            check_info(info, slot, expected)
            assert bool(info.get("_final_obs", np.zeros(slots))[slot]) == (last is not None)
            if last is not None:
                np.testing.assert_allclose(info["final_obs"][slot], last, atol=1e-5)
                assert info["_final_info"][slot]
                check_info(info["final_info"], slot, last_info)


def test_the_ends_were_staggered(make: Make) -> None:
    env = make(4, autoreset_mode="NextStep")
    env.reset(seed=0)
    env.step(actions(1, 4)[0])
    env.reset(options={"reset_mask": np.array([True, False, False, False])})
    ends = [env.step(action)[3].tolist() for action in actions(5, 4)]
    assert [sum(end) for end in ends] == [0, 0, 3, 1, 0]


def test_gymnasiums_own_vector_env_gives_the_same_infos(small: EmbeddedPeople) -> None:
    """Keys, masks and types of info, against SyncVectorEnv with the same streams."""
    for mode in MODES[:2]:
        ours = gym.make_vec(
            "HumanWMSim-v0", 3, dataset=small, horizon=2, layout="people", autoreset_mode=mode
        )
        theirs = gym.make_vec(
            "HumanWMSim-v0",
            3,
            vectorization_mode="sync",
            vector_kwargs={"autoreset_mode": mode},
            dataset=small,
            horizon=2,
        )
        pairs = [(ours.reset(seed=[4, 5, 6]), theirs.reset(seed=[4, 5, 6]))]
        pairs += [(ours.step(a), theirs.step(a)) for a in actions(5, 3)]
        for one, other in pairs:
            np.testing.assert_allclose(one[0], other[0], atol=1e-5)
            assert set(other[-1]) <= set(one[-1])
            for name, mask in other[-1].items():
                if name.startswith("_"):
                    assert one[-1][name].tolist() == mask.tolist()
            extra = set(one[-1]) - set(other[-1])  # nobody lived this day
            assert not any(one[-1][name].any() for name in extra if name.startswith("_"))
            assert [type(part) for part in one] == [type(part) for part in other]
            if len(one) > 2:
                assert [part.dtype for part in one[1:4]] == [part.dtype for part in other[1:4]]


@pytest.mark.parametrize("mode", MODES[:2])
def test_gymnasiums_wrappers_understand_the_infos(mode: AutoresetMode, make: Make) -> None:
    env = gym.wrappers.vector.DictInfoToList(make(3, autoreset_mode=mode, horizon=2))
    env.reset(seed=0)
    for action in actions(4, 3):
        infos = env.step(action)[-1]
        assert len(infos) == 3
        for info in infos:
            lived = info.get("final_info", info)
            if "reward_components" in lived:
                assert set(lived["reward_components"]) == {"mood", "recovery", "sleep", "effort"}
    counted = gym.wrappers.vector.RecordEpisodeStatistics(make(3, autoreset_mode=mode, horizon=2))
    counted.reset(seed=0)
    total = np.zeros(3)
    for action in actions(2, 3):
        _, reward, _, _, info = counted.step(action)
        total += reward
    np.testing.assert_allclose(info["episode"]["r"], total)
    assert info["episode"]["l"].tolist() == [2, 2, 2]


# Layouts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("num_envs", [1, 8, 125, 130, 250])
def test_branches_of_a_group_share_a_person(num_envs: int, make: Make) -> None:
    env = make(num_envs, split="all")
    observation, info = env.reset(seed=3)
    assert observation.shape == (num_envs, 43) and env.observation_space.contains(observation)
    assert info["branch"].tolist() == [slot % 125 for slot in range(num_envs)]
    for group in range(0, num_envs, 125):
        slots = slice(group, group + 125)
        assert len(set(info["user"][slots])) == len(set(info["day"][slots])) == 1
    if num_envs > 125:
        assert (info["user"][0], info["day"][0]) != (info["user"][125], info["day"][125])
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
        starts.append((info["user"][0], info["user"][125]))
        assert info["branch"].tolist() == [slot % 125 for slot in range(130)]
        assert len(set(info["user"][:125])) == len(set(info["user"][125:])) == 1
        info = env.step(action)[-1]
    assert len({first for first, _ in starts}) >= 3 and len({last for _, last in starts}) >= 3


def test_people_each_have_their_own_start_and_branch(make: Make) -> None:
    _, info = make(40, layout="people", split="all").reset(seed=1)
    assert (
        len(set(zip(info["user"], info["day"], strict=True))) > 30 and len(set(info["branch"])) > 20
    )


def test_every_slot_has_its_own_noise(make: Make) -> None:
    env = make(20, masking="none", observation="dict")
    env.reset(seed=0, options={"user": "p003", "day": 50})
    observation = env.step(np.zeros((20, 7)))[0]
    rates = observation["heart_rate_avg"]
    inside = rates[rates > env.single_observation_space["heart_rate_avg"].low[0]]
    assert len(np.unique(inside)) == len(inside) > 10  # random weights reach the bound


# Seeds ------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes(make: Make) -> None:
    env = make(7)
    first = dumped(run(env, 12, seed=5))
    assert dumped(run(env, 12, seed=5)) == first
    assert dumped(run(make(7), 12, seed=5)) == first
    assert dumped(run(make(7), 12, seed=6)) != first


CHILD = """
import sys
sys.path.insert(0, {root!r})
from tests.human_wm_env.envs.test_vector_env import fingerprint
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
    assert len(set(info["user"])) == len(set(info["day"])) == 1
    one = env.step(np.zeros((4, 7)))[1]
    env.reset(seed=[7, 8, 0, 10])
    other = env.step(np.zeros((4, 7)))[1]
    assert (one == other).tolist() == [True, True, False, True]
    _, info = env.reset(seed=np.array([99, 8, 9, 10]))
    assert len(set(info["user"])) == 1


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


# Options ----------------------------------------------------------------------------------------


def test_options_are_single_or_one_per_slot(make: Make) -> None:
    env = make(3)
    _, info = env.reset(seed=0, options={"user": "p002", "day": [20, 30, 40]})
    assert info["user"].tolist() == ["p002"] * 3 and info["day"].tolist() == [20, 30, 40]
    users = np.array(["p001", "p002", "p003"])
    _, info = env.reset(options={"user": users, "day": np.array([20, 30, 40])})
    assert info["user"].tolist() == users.tolist()
    with pytest.raises(ConfigError, match="2 values"):
        env.reset(options={"day": [20, 30]})


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many histories each call encoded."""
    counts: list[int] = []
    prepare = runtimes.prepare

    def counted(histories: Sequence[History], **arguments: Any) -> Any:
        counts.append(len(histories))
        return prepare(histories, **arguments)

    monkeypatch.setattr(runtimes, "prepare", counted)
    return counts


def own_log(user: int = 3, day: int = 40) -> tuple[np.ndarray, np.ndarray]:
    history = tiny.logs().history(user, day)
    return history.rows.copy(), history.observed.copy()


@pytest.mark.parametrize("ready", [False, True])
def test_the_branches_of_a_history_share_it(encoded: list[int], ready: bool) -> None:
    world = DreamWorld(tiny.runtime(), tiny.logs(), horizon=HORIZON)
    env = VectorEnv(world, BRANCHES)
    rows, observed = own_log()
    given: Any = History.from_arrays(rows, observed, 2) if ready else (rows, observed)
    options = {"history": given} if ready else {"history": given, "start_weekday": 2}
    observation, info = env.reset(seed=4, options=options)
    assert encoded == [1]
    assert {id(start.history) for start in env.starts} == {id(env.starts[0].history)}
    assert (info["day"] == 40).all() and (info["user"] == "").all()
    assert info["branch"].tolist() == list(range(BRANCHES))
    # It is a copy, and what the branches are is what the scalar env makes of the same log.
    rows[:], observed[:] = 0.0, False
    chosen = actions(1, BRANCHES)[0]
    after = env.step(chosen)[0]
    for branch in (0, 77):
        alone = Env(world)
        rows, observed = own_log()
        fresh = {"history": (rows, observed), "start_weekday": 2, "branch": branch}
        first, _ = alone.reset(seed=4, options=fresh)
        np.testing.assert_allclose(first, observation[branch], atol=1e-5)
        np.testing.assert_allclose(alone.step(chosen[branch])[0], after[branch], atol=1e-5)


def test_a_history_is_read_once_for_each_weekday(encoded: list[int]) -> None:
    env = VectorEnv(DreamWorld(tiny.runtime(), tiny.logs(), horizon=HORIZON), 4, layout="people")
    env.reset(seed=0, options={"history": own_log(), "start_weekday": [1, 2, 1, None]})
    assert encoded == [3]
    first = [start.history.weekday[0] for start in env.starts if start.history is not None]
    assert first == [1, 2, 1, -1]
    assert env.starts[0].history is env.starts[2].history
    # Nothing is kept: the caller may change the log between two resets.
    env.reset(options={"history": own_log(5), "reset_mask": np.array([True, True, False, False])})
    assert encoded == [3, 1]
    assert env.starts[0].history is env.starts[1].history is not env.starts[2].history


def test_a_person_context_reads_a_shared_history_once(encoded: list[int]) -> None:
    world = DreamWorld(tiny.runtime(), tiny.logs(), horizon=HORIZON)
    env = VectorPersonContext(VectorEnv(world, BRANCHES), tiny.runtime())
    env.reset(seed=0, options={"history": own_log()})
    assert encoded == [1, 1]  # the world's own, and the agent's


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"history": "log.csv"}, DataError),
        ({"history": own_log(3, 13)}, DataError),
        ({"history": own_log(), "user": "p001"}, ConfigError),
        ({"history": own_log(), "user": [None, None, "p001"]}, ConfigError),
        ({"history": own_log(), "start_weekday": [1, 2, "Monday"]}, ConfigError),
        ({"history": own_log(), "start_weekday": 7}, DataError),
        ({"history": tiny.logs().history(3, 40), "start_weekday": 1}, ConfigError),
        ({"start_weekday": 1}, ConfigError),
    ],
)
def test_impossible_histories_are_refused(options: dict[str, Any], error: type[Exception]) -> None:
    env = VectorEnv(DreamWorld(tiny.runtime(), tiny.logs(), horizon=HORIZON), 3)
    before, _ = env.reset(seed=1)
    with pytest.raises(error):
        env.reset(options=options)
    np.testing.assert_array_equal(env.state.day, [start.day for start in env.starts])
    np.testing.assert_array_equal(env.reset(seed=1)[0], before)


def test_a_shared_history_cannot_be_written_to() -> None:
    env = VectorEnv(DreamWorld(tiny.runtime(), tiny.logs(), horizon=HORIZON), 2)
    env.reset(seed=0, options={"history": own_log()})
    history = env.starts[0].history
    assert history is not None
    for array in (history.rows, history.observed, history.weekday):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_refused_options_leave_the_env_as_it_was(make: Make) -> None:
    env, other = make(3), make(3)
    env.reset(seed=0)
    other.reset(seed=0)
    for wrong in ({"day": [20, 30, 5]}, {"user": "nobody"}, {"dya": 20}):
        with pytest.raises((DataError, ConfigError)):
            env.reset(seed=9, options=wrong)
    assert dumped(env.step(np.zeros((3, 7)))) == dumped(other.step(np.zeros((3, 7))))
    assert dumped(env.reset()) == dumped(other.reset())


def test_the_callers_options_are_not_changed(make: Make) -> None:
    env = make(2)
    env.reset(seed=0)
    options = {"reset_mask": np.array([True, False])}
    _, info = env.reset(options=options)
    info["_day"][:] = True
    assert options["reset_mask"].tolist() == [True, False]


def test_the_state_is_that_of_all_slots(make: Make) -> None:
    env = make(3)
    assert env.state is None
    env.reset(seed=0)
    imagined = env.world.step(env.state, actions(1, 3)[0])
    np.testing.assert_array_equal(env.step(actions(1, 3)[0])[0], imagined.observation)


# Modes ------------------------------------------------------------------------------------------


def test_disabled_autoreset_refuses_to_step_what_is_over(make: Make) -> None:
    env = make(3, autoreset_mode="Disabled", horizon=2)
    env.reset(seed=0)
    env.step(np.zeros((3, 7)))
    env.reset(options={"reset_mask": np.array([False, True, False])})
    assert env.step(np.zeros((3, 7)))[3].tolist() == [True, False, True]
    with pytest.raises(ResetNeededError, match="2 slots whose episode is over"):
        env.step(np.zeros((3, 7)))
    with pytest.raises(ResetNeededError):
        env.reset(options={"reset_mask": np.array([True, False, False])})
        env.step(np.zeros((3, 7)))


def test_the_reset_step_pays_nothing_and_has_no_action(make: Make) -> None:
    env = make(3, horizon=1)
    env.reset(seed=0)
    assert env.step(np.zeros((3, 7)))[3].all()
    observation, reward, _, truncated, info = env.step(np.ones((3, 7)))
    assert not reward.any() and not truncated.any()
    assert (observation[:, -1] == 1.0).all()
    assert not info["action"].any() and not info["_action"].any()
    assert not any(info["reward_components"][name].any() for name in ("mood", "effort"))


def test_the_last_day_survives_the_next_episode(make: Make) -> None:
    """SAME_STEP: final_info is of the last day, also when only some slots ended."""
    env, plain = (make(3, autoreset_mode=mode, horizon=3) for mode in ("SameStep", "Disabled"))
    for one in (env, plain):
        one.reset(seed=0)
        one.step(actions(1, 3)[0])
        one.reset(options={"reset_mask": np.array([False, True, False])})
    for action in actions(2, 3, seed=1):
        last, expected = env.step(action), plain.step(action)
    assert last[-1]["_final_info"].tolist() == [True, False, True]
    final = last[-1]["final_info"]
    for slot in (0, 2):
        np.testing.assert_array_equal(last[-1]["final_obs"][slot], expected[0][slot])
        for name in ("user", "day", "mask", "action"):
            np.testing.assert_array_equal(final[name][slot], expected[-1][name][slot])
        assert final["day"][slot] != last[-1]["day"][slot]
    assert last[-1]["final_obs"][1] is None
    kept = copy.deepcopy((final, last[-1]["final_obs"]))
    env.step(np.zeros((3, 7)))
    assert dumped(kept) == dumped(copy.deepcopy((final, last[-1]["final_obs"])))


@pytest.mark.parametrize("mode", MODES)
def test_dict_observations_are_the_flat_ones(mode: AutoresetMode, make: Make) -> None:
    flat, named = (make(3, observation=kind, autoreset_mode=mode) for kind in ("flat", "dict"))
    for one, other in zip(run(flat, HORIZON), run(named, HORIZON), strict=True):
        assert named.observation_space.contains(other[0])
        np.testing.assert_array_equal(one[0], np.concatenate(list(in_order(other[0])), axis=-1))
    if mode == AutoresetMode.SAME_STEP:
        final = one[-1]["final_obs"][1], other[-1]["final_obs"][1]
        np.testing.assert_array_equal(final[0], np.concatenate(list(in_order(final[1]))))


def in_order(named: dict[str, np.ndarray]) -> list[np.ndarray]:
    from human_wm_env.envs.observations import PARTS

    return [named[name] for name in PARTS]


@pytest.mark.parametrize("mode", MODES[:2])
@pytest.mark.parametrize("vector_reward", [False, True])
def test_writing_into_what_was_returned_changes_nothing(
    mode: AutoresetMode, vector_reward: bool, make: Make
) -> None:
    env, untouched = (
        make(4, autoreset_mode=mode, horizon=3, vector_reward=vector_reward) for _ in range(2)
    )
    mask = np.array([False, True, False, False])
    spoil(env.reset(seed=0))
    untouched.reset(seed=0)
    for late, action in enumerate(actions(9, 4)):
        returned, expected = env.step(action), untouched.step(action)
        assert dumped(copy.deepcopy(returned)) == dumped(copy.deepcopy(expected))
        spoil(returned)
        if late in (1, 4):
            returned, expected = (
                one.reset(options={"reset_mask": mask}) for one in (env, untouched)
            )
            assert dumped(copy.deepcopy(returned)) == dumped(copy.deepcopy(expected))
            spoil(returned)


def spoil(value: Any) -> None:
    if isinstance(value, dict):
        spoil(tuple(value.values()))
    elif isinstance(value, tuple):
        for one in value:
            spoil(one)
    elif isinstance(value, np.ndarray) and value.dtype == np.bool_:
        value[...] = ~value
    elif isinstance(value, np.ndarray) and value.dtype.kind in "fi":
        value[...] = 77


def test_the_vector_reward_is_the_components(make: Make) -> None:
    env, scalar = make(3, vector_reward=True, pessimism=2.0), make(3)
    env.reset(seed=0)
    scalar.reset(seed=0)
    for action in actions(6, 3):
        _, components, _, _, info = env.step(action)
        paid = scalar.step(action)[1]
        assert components.shape == (3, 4) and env.reward_space.contains(components[0])
        for column, name in enumerate(("mood", "recovery", "sleep", "effort")):
            np.testing.assert_array_equal(components[:, column], info["reward_components"][name])
        np.testing.assert_allclose(components @ [0.4, 0.3, 0.1, 0.2], paid, atol=1e-6)


def test_without_adherence_the_actions_are_ignored(make: Make) -> None:
    one, other = make(5, adherence=0.0), make(5, adherence=0.0)
    one.reset(seed=0)
    other.reset(seed=0)
    for action in actions(7, 5):
        assert dumped(one.step(action)) == dumped(other.step(np.zeros((5, 7))))


def test_the_replay_ends_with_the_log(short_logs: LogDataset) -> None:
    env = VectorEnv(ReplayWorld(short_logs, split="all", horizon=10), 3)
    env.reset(seed=0, options={"user": "dan", "day": 40})
    for late in range(12):
        observation, _, _, truncated, info = env.step(np.zeros((3, 7)))
        assert truncated.all() == (late == 9)
        assert env.observation_space.contains(observation)
        if late == 9:
            assert info["day"].tolist() == [50] * 3


@pytest.mark.parametrize("mode", MODES)
def test_a_copy_goes_its_own_way_from_the_same_state(mode: AutoresetMode, make: Make) -> None:
    env = make(3, autoreset_mode=mode)
    env.reset(seed=0)
    env.step(np.zeros((3, 7)))
    twin = copy.deepcopy(env)
    for action in actions(3, 3):
        assert dumped(copy.deepcopy(env.step(action))) == dumped(copy.deepcopy(twin.step(action)))


# Errors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"num_envs": 0}, "num_envs >= 1"),
        ({"num_envs": 2.5}, "num_envs as a whole number"),
        ({"layout": "branch"}, "Did you mean 'branches'"),
        ({"autoreset_mode": "SameSteps"}, "Did you mean 'SameStep'"),
        ({"observation": "box"}, 'observation "flat" or "dict"'),
    ],
)
def test_impossible_settings_are_refused(make: Make, setting: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make(**({"num_envs": 2} | setting))


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ([1, 2], "3 seeds, one per slot"),
        ([1, 2, -3], "seeds >= 0"),
        (-1, "seeds >= 0"),
        ([1, 2, 3.5], "a seed as a whole number"),
    ],
)
def test_impossible_seeds_are_refused(make: Make, seed: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make(3).reset(seed=seed)


@pytest.mark.parametrize("mask", [[1, 0, 1], np.zeros(3, dtype=bool), np.ones(2, dtype=bool)])
def test_impossible_masks_are_refused(make: Make, mask: Any) -> None:
    env = make(3)
    env.reset(seed=0)
    with pytest.raises(ConfigError, match="a reset_mask of 3 booleans"):
        env.reset(options={"reset_mask": mask})


def test_steps_and_partial_resets_need_a_first_reset(make: Make) -> None:
    env = make(2)
    with pytest.raises(ResetNeededError, match="no episode yet"):
        env.step(np.zeros((2, 7)))
    with pytest.raises(ResetNeededError, match="a full reset"):
        env.reset(options={"reset_mask": np.array([True, False])})


def test_invalid_actions_are_refused(make: Make) -> None:
    env = make(2)
    env.reset(seed=0)
    for wrong in (np.zeros(7), np.zeros((3, 7)), np.full((2, 7), np.inf)):
        with pytest.raises(InvalidActionError):
            env.step(wrong)
