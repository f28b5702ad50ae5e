"""Rows about stepping: env steps per second, alone and beside the alternatives."""

from __future__ import annotations

import warnings

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3.common.vec_env import DummyVecEnv

from human_wm_cli.benchmarks.film_model import film_model
from human_wm_cli.benchmarks.machine import GIGA, peak_gflops
from human_wm_cli.benchmarks.timer import Job, interleaved, slope
from human_wm_cli.benchmarks.torch_step import TorchStep
from human_wm_cli.console import Row
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.model.branches import BRANCHES
from human_wm_env.people.embedded import load_embedded
from human_wm_env.runtime import folded_inputs
from human_wm_env.runtime.world_model import load_world_model
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.world import take

DREAM, SIMULATOR = "HumanWM-v0", "HumanWMSim-v0"
NETS = "dream of transition nets, 125 slots"
MICRO = 1e6


def vector_actions(slots: int | None) -> np.ndarray:
    """Return the same actions for all jobs, (slots, 7), or (7,) of a single env."""
    shape = (7,) if slots is None else (slots, 7)
    return np.random.default_rng(0).uniform(-1.0, 1.0, shape).astype(np.float32)


def stepping_job(
    env: gym.Env | gym.vector.VectorEnv | DummyVecEnv, steps: int, slots: int | None = None
) -> Job:
    """Step an environment of so many slots; episodes begin before the clock starts."""
    action = vector_actions(slots)

    def run() -> None:
        for _ in range(steps):
            env.step(action)

    return Job(run, (slots or 1) * steps, env.reset)


def vector_job(env_id: str, slots: int, steps: int, layout: str = "branches") -> Job:
    """Step a VectorEnv."""
    env = gym.make_vec(env_id, slots, horizon=max(30, steps + 1), layout=layout)
    env.reset(seed=0)
    return stepping_job(env, steps, slots)


def single_job(env_id: str, steps: int) -> Job:
    """Step `gym.make(id)` with the wrappers that it comes with."""
    env = gym.make(env_id, horizon=steps + 1)
    env.reset(seed=0)
    return stepping_job(env, steps)


def dummy_job(env_id: str, slots: int, steps: int) -> Job:
    """Step stable-baselines3's DummyVecEnv over single environments."""
    first = gym.make(env_id, horizon=steps + 1)
    world = first.unwrapped.world  # type: ignore[attr-defined]
    from human_wm_env.envs.env import Env

    # One world serves all: only the single environments are compared, not their set-up.
    return stepping_job(DummyVecEnv([lambda: Env(world) for _ in range(slots)]), steps, slots)


def _film_env(slots: int, steps: int) -> VectorEnv:
    env = VectorEnv(
        DreamWorld(film_model(), load_embedded().dataset, horizon=max(30, steps + 1)), slots
    )
    env.reset(seed=0)
    return env


def film_job(slots: int, steps: int) -> Job:
    """Step a VectorEnv over transition nets."""
    env, action = _film_env(slots, steps), vector_actions(slots)

    def run() -> None:
        for _ in range(steps):
            env.step(action)

    return Job(run, slots * steps, env.reset)


def torch_job(slots: int, steps: int) -> Job:
    """Step the same nets in torch."""
    env = _film_env(slots, steps)
    env.step(vector_actions(slots))
    step = TorchStep(film_model(), env.state)
    generator = torch.Generator().manual_seed(0)
    action = torch.as_tensor(vector_actions(slots))
    normal = torch.randn(steps, slots, generator=generator)
    uniform = torch.rand(steps, slots, 14, generator=generator)

    def run() -> None:
        for late in range(steps):
            step(action, normal[late], uniform[late])

    return Job(run, slots * steps)


def products_job(slots: int, steps: int) -> tuple[Job, float]:
    """The matrix products of a step alone; and their multiply-adds per step of one slot."""
    net = film_model().nets.transition
    members, hidden, outputs = net.head.shape
    width = folded_inputs.TRANSITION_WIDTH
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((width, slots), dtype=np.float32)
    first_weights = rng.standard_normal((width, members * hidden), dtype=np.float32)
    first = np.empty((members * hidden, slots), dtype=np.float32)
    second = np.empty((members, hidden, slots), dtype=np.float32)
    by_member = first.reshape(members, hidden, slots)
    middle, head = net.hidden.transpose(0, 2, 1), net.head.transpose(0, 2, 1)

    def run() -> None:
        for _ in range(steps):
            np.matmul(first_weights.T, inputs, out=first)
            np.matmul(middle, by_member, out=second)
            head @ second

    adds = members * hidden * (width + hidden + outputs)
    return Job(run, slots * steps), float(adds)


def stepping_rows(steps: int, repeats: int) -> tuple[list[Row], dict[str, float]]:
    """Measure env steps per second.

    Args:
        steps: of each run with 125 slots; other sizes take fewer or more.
        repeats: of each run.

    Returns:
        Table rows, and named numbers.
    """
    products, adds = products_job(BRANCHES, steps)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of DummyVecEnv about float32 actions
        jobs = {
            "dream, 125 slots": vector_job(DREAM, BRANCHES, steps),
            NETS: film_job(BRANCHES, steps),
            "the same in torch": torch_job(BRANCHES, steps),
            "its matrix products alone": products,
            "DummyVecEnv over 125 dreams": dummy_job(DREAM, BRANCHES, max(1, steps // 25)),
            "dream, 1000 slots": vector_job(DREAM, 1000, max(1, steps // 8)),
            "dream, gym.make": single_job(DREAM, 4 * steps),
            "simulator, 125 slots": vector_job(SIMULATOR, BRANCHES, steps),
            "simulator, 1000 slots": vector_job(SIMULATOR, 1000, max(1, steps // 8)),
            "simulator, gym.make": single_job(SIMULATOR, 2 * steps),
        }
        seconds = interleaved(jobs, repeats)
    rates = {name: job.units / seconds[name] for name, job in jobs.items()}
    peak = peak_gflops()
    batch = seconds[NETS] / steps
    numbers = {
        "peak_gflops": peak,
        "multiply_adds_per_step": adds,
        "share_of_matrix_peak": rates[NETS] * 2.0 * adds / (peak * GIGA),
        "batch_us": batch * MICRO,
        "batch_beside_products_us": (batch - seconds["its matrix products alone"] / steps) * MICRO,
        "times_dummy_vec_env": rates["dream, 125 slots"] / rates["DummyVecEnv over 125 dreams"],
        "times_torch": rates[NETS] / rates["the same in torch"],
        "times_nets": rates["dream, 125 slots"] / rates[NETS],
    }
    rows: list[Row] = [{"stepping": name, "env steps/s": rate} for name, rate in rates.items()]
    return rows, numbers


def growth_rows(quick: bool, repeats: int) -> list[Row]:
    """Measure how the time of a step grows with slots, people and days."""
    slots = [1, 10, 125, 1000] if quick else [1, 10, 125, 1000, 10_000]
    people = [100, 1000] if quick else [100, 1000, 10_000]
    days = [30, 100] if quick else [30, 100, 300]
    world = DreamWorld(load_world_model(), load_embedded().dataset, split="all", adherence=0.0)
    env = VectorEnv(world, 100, layout="people")
    env.reset(seed=0)
    state = env.state

    def imagine(count: int) -> Job:
        many = take(state, np.arange(count) % 100)

        def run() -> None:
            now = many
            for _ in range(5):
                now = world.follow_habits(now)

        return Job(run)

    jobs = {f"slots {n}": vector_job(DREAM, n, 5, layout="people") for n in slots}
    jobs |= {f"people {n}": imagine(n) for n in people}
    jobs |= {f"days {n}": vector_job(DREAM, BRANCHES, n) for n in days}
    seconds = interleaved(jobs, repeats)
    rows: list[Row] = []
    for name, sizes in (("slots", slots), ("people", people), ("days", days)):
        times = [seconds[f"{name} {size}"] for size in sizes]
        rows.append(
            {
                "growth": name,
                "from": sizes[0],
                "to": sizes[-1],
                "slope": slope(sizes, times),
                "last slope": slope(sizes[-2:], times[-2:]),
            }
        )
    return rows
