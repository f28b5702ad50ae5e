"""Independent futures of held-out people: drawn from the model, and from the simulator.

The 125 branches of an environment share draws of the latents and are no sample; here
each future has latents and noise of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import mlx.core as mx
import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import DataError
from human_wm_env.model.memory import Memory
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person import schema
from human_wm_env.person.noise import FIRST_WEATHER
from human_wm_env.random_streams import Stream
from human_wm_env.runtime.dream_step import UNIFORMS
from human_wm_env.runtime.encoder import Posterior, response_latents
from human_wm_env.runtime.world_model import WorldModelRuntime
from human_wm_env.worlds.reset_options import MIN_HISTORY_DAYS
from human_wm_env.worlds.simulator import SimulatorWorld
from human_wm_env.worlds.starts import PersonStart
from human_wm_env.worlds.world import take
from world_model.imagination.response_step import CarriedDays
from world_model.imagination.rollout import RolloutStart, imagine, normals_of
from world_model.nets.world_model import WorldModel

# Futures imagined together; bounds the memory of their noise.
SLOTS = 8000


@dataclass(frozen=True)
class Starts:
    """First imagined days of some people.

    Attributes:
        users: int (starts,), positions in the data set.
        days: int (starts,), the first imagined day; only rows before it may be read.
    """

    users: np.ndarray
    days: np.ndarray

    def __len__(self) -> int:
        """Return the number of starts."""
        return len(self.users)

    def __getitem__(self, some: np.ndarray) -> Starts:
        """Return some of the starts."""
        return Starts(self.users[some], self.days[some])


def spread_starts(
    dataset: LogDataset, users: np.ndarray, per_person: int, horizon: int, rng: np.random.Generator
) -> Starts:
    """Draw start days spread over each log, one in each of `per_person` equal parts.

    Two weeks of history lie before a start and `horizon` logged days after it; people
    whose log is too short for that are passed over.

    Raises:
        DataError: no log is long enough.
    """
    first = np.maximum(MIN_HISTORY_DAYS, dataset.first_observed_day[users] + 1)
    last = dataset.days_logged[users] - horizon
    usable = last >= first
    if not usable.any():
        raise DataError(
            f"a person with {MIN_HISTORY_DAYS} days of history and {horizon} days after them",
            f"logs of at most {int(dataset.days_logged[users].max())} days",
            "Ask for shorter horizons.",
        )
    users, first, last = users[usable], first[usable], last[usable]
    place = (np.arange(per_person) + rng.random((len(users), per_person))) / per_person
    days = first[:, None] + np.floor(place * (last - first + 1)[:, None]).astype(int)
    return Starts(np.repeat(users, per_person), days.reshape(-1))


@dataclass(frozen=True)
class EncodedStarts:
    """What the model knows before the first day of each start, batch-first.

    Attributes:
        starts: whose first days.
        posterior: by one pass of the encoder over the days before.
        memory: slow quantities.
        row: float32 (starts, 10), the last day; observed: bool (starts, 10), its mask.
        weekday: int (starts,), of the first imagined day, -1 if unknown.
    """

    starts: Starts
    posterior: Posterior
    memory: Memory
    row: np.ndarray
    observed: np.ndarray
    weekday: np.ndarray

    def take(self, some: np.ndarray) -> EncodedStarts:
        """Return some of the starts, int (n,)."""
        return EncodedStarts(
            self.starts[some],
            self.posterior[some],
            Memory(self.memory.total[some], self.memory.weight[some]),
            self.row[some],
            self.observed[some],
            self.weekday[some],
        )


def encode_starts(runtime: WorldModelRuntime, dataset: LogDataset, starts: Starts) -> EncodedStarts:
    """Encode the histories before some starts."""
    posterior, memory = runtime.encode(dataset.histories(starts.users, starts.days))
    before = (starts.users, starts.days - 1)
    last = dataset.weekday[before].astype(int)
    return EncodedStarts(
        starts=starts,
        posterior=posterior,
        memory=memory,
        row=dataset.rows[before],
        observed=dataset.observed[before],
        weekday=np.where(last < 0, -1, (last + 1) % schema.DAYS_PER_WEEK),
    )


def draw_latents(posterior: Posterior, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return independent draws of all blocks, float32 (people, draws, latents)."""
    people, width = posterior.mean.shape
    noise = rng.standard_normal((people, draws, width), dtype=np.float32)
    return posterior.draw(noise)


def sample_model(
    model: WorldModel,
    encoded: EncodedStarts,
    latents: np.ndarray,
    weather_transitions: np.ndarray,
    horizons: Sequence[int],
    rng: np.random.Generator,
    *,
    observed: np.ndarray | None = None,
) -> np.ndarray:
    """Imagine people who follow their habits, with fresh noise for each future.

    Args:
        model: trained nets.
        encoded: what is known before the first day.
        latents: float32 (starts, draws, latents).
        weather_transitions: float32 (4, 4).
        horizons: days to keep, 1 being the first.
        rng: source of noise.
        observed: bool (starts, draws, days, 10), which cells a log would hold: then what is
            logged is imagined, with its gaps and off the feasible set, see
            `rollout.imagine`. None imagines what the environment would.

    Returns:
        float32 (starts, draws, horizons, 10), raw rows.
    """
    draws = latents.shape[1]
    kept = np.asarray(horizons) - 1
    parts = []
    for chosen in _chunks(len(encoded.starts), draws):
        at = np.repeat(chosen, draws)
        shape = (len(at), max(horizons))
        mask = None
        if observed is not None:
            mask = mx.array(observed[chosen].reshape(*shape, -1).astype(np.float32))
        rows = imagine(
            model,
            mx.array(latents[chosen].reshape(len(at), -1)),
            _tiled(model, encoded, at, latents[chosen].reshape(len(at), -1)),
            weather_transitions,
            mx.array(rng.standard_normal((*shape, normals_of(model)), dtype=np.float32)),
            mx.array(rng.random((*shape, UNIFORMS), dtype=np.float32)),
            observed=mask,
            feasible_days=observed is None,
        )
        parts.append(np.array(rows)[:, kept].reshape(len(chosen), draws, len(kept), -1))
    return np.concatenate(parts)


def _tiled(
    model: WorldModel, encoded: EncodedStarts, at: np.ndarray, latents: np.ndarray
) -> RolloutStart:
    memory = Memory(encoded.memory.total[at], encoded.memory.weight[at])
    rows, observed = encoded.row[at], encoded.observed[at]
    carried, response = None, encoded.posterior.response
    if response is not None:
        own = response_latents(latents, response.mean.shape[1])
        carried = CarriedDays.of(model.trained_response, response.carried[at], own)
    return RolloutStart.from_rows(rows, observed, memory, encoded.weekday[at], carried)


def sample_simulator(
    embedded: EmbeddedPeople,
    starts: Starts,
    draws: int,
    horizons: Sequence[int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Restart the true people `draws` times from each start; they follow their habits.

    Returns:
        float32 (starts, draws, horizons, 10), raw rows, nothing masked.
    """
    days = max(horizons)
    world = SimulatorWorld(embedded, split="all", horizon=days, adherence=0.0, masking="none")
    kept = np.asarray(horizons) - 1
    parts = []
    for chosen in _chunks(len(starts), draws):
        one_each = [PersonStart(int(starts.users[i]), int(starts.days[i]), 0) for i in chosen]
        slots = len(chosen) * draws
        normal = rng.standard_normal((slots, days, world.normals), dtype=np.float32)
        uniform = rng.random((slots, days, world.uniforms), dtype=np.float32)
        # The stream's noise is replaced by each future's own.
        state, _ = world.reset(one_each, [Stream((0, 0, 0), (0, 0, 0))] * len(chosen))
        tiled_starts = [start for start in one_each for _ in range(draws)]
        state = replace(
            take(state, np.repeat(np.arange(len(chosen)), draws)),
            normal=normal,
            uniform=uniform,
            forecast=world.first_forecast(tiled_starts, uniform[:, 0, FIRST_WEATHER]),
        )
        idle = np.zeros((slots, *world.action_space.shape), dtype=np.float32)
        rows = []
        for _ in range(days):
            state = world.step(state, idle).state
            rows.append(state.row)
        parts.append(np.stack(rows, axis=1)[:, kept].reshape(len(chosen), draws, len(kept), -1))
    return np.concatenate(parts)


def _chunks(starts: int, draws: int) -> list[np.ndarray]:
    pieces = -(-starts * draws // SLOTS)
    return np.array_split(np.arange(starts), min(pieces, starts))
