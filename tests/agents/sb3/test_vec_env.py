from __future__ import annotations

from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecNormalize

from agents.sb3.vec_env import SB3VecEnv
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedPeople


def make(people: EmbeddedPeople, slots: int = 3, **arguments: Any) -> Any:
    given = {"autoreset_mode": AutoresetMode.SAME_STEP, "layout": "people", "horizon": 4}
    return gym.make_vec(
        "HumanWMSim-v0", num_envs=slots, dataset=people, split="all", **(given | arguments)
    )


def some_actions(slots: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (slots, 7)).astype(np.float32)


def test_it_agrees_with_the_vector_env_stepped_by_hand(people: EmbeddedPeople) -> None:
    env, venv = make(people), SB3VecEnv(make(people))
    venv.seed(7)
    expected, _ = env.reset(seed=7)
    np.testing.assert_array_equal(venv.reset(), expected)
    returns, moods = np.zeros(3), np.zeros(3)
    for day in range(1, 11):
        actions = some_actions(3, day)
        expected, rewards, _, truncated, info = env.step(actions)
        observations, paid, over, infos = venv.step(actions)
        np.testing.assert_array_equal(observations, expected)
        np.testing.assert_array_equal(paid, rewards.astype(np.float32))
        np.testing.assert_array_equal(over, truncated)
        assert over.all() == (day % 4 == 0)
        returns += rewards
        components = info["final_info"] if over.all() else info
        moods += components["reward_components"][:, env.component_names.index("mood")]
        for slot in range(3):
            if not over[slot]:
                assert not infos[slot]
                continue
            np.testing.assert_array_equal(
                infos[slot]["terminal_observation"], info["final_obs"][slot]
            )
            assert infos[slot]["terminal_observation"][-1] == 0.0  # no horizon left
            assert observations[slot, -1] == 1.0  # the next episode's
            assert infos[slot]["TimeLimit.truncated"] is True
            assert infos[slot]["episode"]["r"] == pytest.approx(returns[slot])
            assert infos[slot]["episode"]["l"] == 4
            assert infos[slot]["episode"]["mood"] == pytest.approx(moods[slot] / 4)
        if over.all():
            returns[:], moods[:] = 0.0, 0.0


class Countdown(gym.vector.VectorEnv):
    """Slot i ends after i + 1 steps: by termination if even, by both or the limit if odd."""

    metadata: ClassVar[dict[str, Any]] = {"autoreset_mode": AutoresetMode.SAME_STEP}
    render_mode = None

    def __init__(self) -> None:
        self.num_envs = 4
        self.single_observation_space = spaces.Box(0.0, 9.0, (1,), np.float32)
        self.single_action_space = spaces.Box(-1.0, 1.0, (7,), np.float32)
        self.observation_space = batch_space(self.single_observation_space, 4)
        self.action_space = batch_space(self.single_action_space, 4)

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[np.ndarray, dict[str, Any]]:
        self.asked = (seed, options)
        self.left = np.arange(1, 5)
        return self._see(), {}

    def _see(self) -> np.ndarray:
        return self.left[:, None].astype(np.float32)

    def step(self, actions: np.ndarray) -> Any:
        self.left -= 1
        over = self.left == 0
        terminated = over & np.array([True, False, True, True])
        truncated = over & np.array([False, True, False, True])
        info: dict[str, Any] = {"reward_components": {"luck": np.full(4, 0.5), "_luck": ~over}}
        if over.any():
            final = np.full(4, None, dtype=object)
            for slot in np.flatnonzero(over):
                final[slot] = self._see()[slot]
            info["final_obs"], info["_final_obs"] = final, over
            info["final_info"] = {"reward_components": {"luck": np.full(4, 1.0)}}
            self.left[over] = np.arange(1, 5)[over]
        return self._see(), np.full(4, 2.0), terminated, truncated, info


def test_staggered_ends_by_hand() -> None:
    venv = SB3VecEnv(Countdown())
    venv.reset()
    ends: list[list[int]] = []
    for _ in range(4):
        _, _, over, infos = venv.step(np.zeros((4, 7)))
        ends.append(np.flatnonzero(over).tolist())
        for slot in np.flatnonzero(over):
            info = infos[slot]
            assert info["terminal_observation"] == [0.0]
            # The limit alone: slot 1. Slot 3 ends by both, which is a termination.
            assert info["TimeLimit.truncated"] is bool(slot == 1)
            length = slot + 1
            assert (info["episode"]["r"], info["episode"]["l"]) == (2.0 * length, length)
            # The last day pays luck 1.0, from final_info, the days before 0.5.
            assert info["episode"]["luck"] == pytest.approx((0.5 * slot + 1.0) / length)
            assert "_luck" not in info["episode"]
    assert ends == [[0], [0, 1], [0, 2], [0, 1, 3]]


def test_running_slots_share_one_info_that_is_read_only() -> None:
    venv = SB3VecEnv(Countdown())
    venv.reset()
    _, _, _, infos = venv.step(np.zeros((4, 7)))
    assert infos[1] is infos[2] is infos[3]
    with pytest.raises(TypeError):
        infos[1]["trace"] = 1


def test_a_seed_and_options_are_for_the_next_reset_only() -> None:
    env = Countdown()
    venv = SB3VecEnv(env)
    assert venv.seed(5) == [5, 5, 5, 5]
    venv.set_options({"day": [1, 2, 3, 4]})
    venv.reset()
    assert env.asked == (5, {"day": [1, 2, 3, 4]})
    venv.reset()
    assert env.asked == (None, None)
    with pytest.raises(ConfigError, match="one dict of reset options"):
        venv.set_options([{"day": 1}] * 4)


def test_a_reset_forgets_the_episode_before() -> None:
    venv = SB3VecEnv(Countdown())
    venv.reset()
    venv.step(np.zeros((4, 7)))
    venv.reset()
    venv.step(np.zeros((4, 7)))
    _, _, _, infos = venv.step(np.zeros((4, 7)))
    assert (infos[1]["episode"]["r"], infos[1]["episode"]["l"]) == (4.0, 2)


def test_other_autoreset_modes_are_refused(people: EmbeddedPeople) -> None:
    with pytest.raises(ConfigError, match="SAME_STEP"):
        SB3VecEnv(make(people, autoreset_mode=AutoresetMode.NEXT_STEP))


def test_vector_rewards_are_refused(people: EmbeddedPeople) -> None:
    venv = SB3VecEnv(make(people, vector_reward=True))
    venv.reset()
    with pytest.raises(ConfigError, match="without vector_reward"):
        venv.step(some_actions(3, 0))


def test_attributes_belong_to_all_slots(people: EmbeddedPeople) -> None:
    env = make(people)
    venv = SB3VecEnv(env)
    assert venv.get_attr("layout") == ["people"] * 3
    assert venv.get_attr("layout", indices=[0, 2]) == ["people"] * 2
    venv.set_attr("note", "seen")
    assert env.note == "seen"
    with pytest.raises(ConfigError, match="leave `indices` out"):
        venv.set_attr("note", "one", indices=1)
    assert not venv.has_attr("nothing_of_the_sort")
    assert venv.env_method("render", indices=0) == [None]
    assert venv.env_is_wrapped(Monitor) == [True] * 3
    assert venv.env_is_wrapped(gym.Wrapper) == [False] * 3


def test_attributes_are_found_below_a_wrapper(people: EmbeddedPeople) -> None:
    venv = SB3VecEnv(gym.vector.VectorWrapper(make(people)))
    assert venv.get_attr("layout", indices=0) == ["people"]


@pytest.mark.parametrize("observation", ["flat", "dict"])
def test_sb3_trains_and_evaluates_without_a_warning(
    people: EmbeddedPeople, observation: str
) -> None:
    venv = SB3VecEnv(make(people, observation=observation))
    policy = "MlpPolicy" if observation == "flat" else "MultiInputPolicy"
    algorithm = PPO(policy, venv, n_steps=8, batch_size=12, n_epochs=1, seed=0, device="cpu")
    algorithm.learn(24)
    mean, _ = evaluate_policy(algorithm, venv, n_eval_episodes=3)
    assert 0.0 < mean <= 4.0


def test_sb3_wrappers_work_on_top(people: EmbeddedPeople) -> None:
    venv = VecNormalize(SB3VecEnv(make(people)))
    venv.reset()
    for day in range(4):
        _, _, over, infos = venv.step(some_actions(3, day))
    assert over.all()
    assert infos[0]["terminal_observation"].shape == (43,)


def test_without_bootstrap_the_time_limit_is_the_end(people: EmbeddedPeople) -> None:
    """The environment still says that the episode was cut short."""
    for bootstrap in (True, False):
        venv = SB3VecEnv(make(people), bootstrap=bootstrap)
        venv.seed(0)
        venv.reset()
        over = np.zeros(venv.num_envs, dtype=bool)
        while not over.any():
            _, _, over, infos = venv.step(np.zeros((venv.num_envs, 7), dtype=np.float32))
        ended = [info for info in infos if info]
        assert [info["TimeLimit.truncated"] for info in ended] == [bootstrap] * len(ended)


@pytest.mark.parametrize("env", [None, "HumanWM-v0"])
def test_what_is_no_vector_env_is_refused(env: Any) -> None:
    with pytest.raises(ConfigError, match=f"expected a VectorEnv; received {env!r}"):
        SB3VecEnv(env)
