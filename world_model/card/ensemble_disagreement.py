"""Does the ensemble disagree more where actions leave what was logged?

Every logged day keeps the day before, memory, weekday and weather; only the action is replaced
by a corner of the action box, and only corners unlike any logged day are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx
import numpy as np
from scipy.spatial import cKDTree
from scipy.special import softmax

from human_wm_env.data.dataset import LogDataset
from human_wm_env.model import heads, inputs
from human_wm_env.model.layouts import state_layout
from human_wm_env.person import actions, schema
from human_wm_env.random_streams import Stream
from human_wm_env.runtime.world_model import WorldModelRuntime
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.reset_options import MIN_HISTORY_DAYS
from human_wm_env.worlds.starts import PersonStart
from world_model.card.intervals import Interval, ratio_interval
from world_model.data.encoded_logs import EncodedLogs
from world_model.data.windows import windows
from world_model.nets.world_model import WorldModel, baseline_offsets

NEAREST_QUANTILE = 0.99
_LARGEST_LOG = 20_000  # logged days that corners are compared with
_ACTION_PART = slice(
    inputs.STATE_MASK_PART.stop, inputs.STATE_MASK_PART.stop + len(inputs.ACTION_COLUMNS)
)
_SEEN_PART = slice(_ACTION_PART.stop, _ACTION_PART.stop + len(inputs.ACTION_ORDER))
_CONTINUOUS = [i for i in schema.ACTION_FEATURES if i in schema.CONTINUOUS_FEATURES]
_COORDINATES = np.concatenate(
    [np.arange(schema.ROW_WIDTH)[schema.ROW_SLICES[i]] for i in _CONTINUOUS]
)


@dataclass(frozen=True)
class Disagreement:
    """The ensemble's disagreement on days whose actions were all logged.

    Attributes:
        days: how many.
        logged: mean on the logged actions; away: on unlogged corners.
        ratio: away over logged, by people; it has to be above 1.
    """

    days: int
    logged: float
    away: float
    ratio: Interval


def disagreement(
    model: WorldModel,
    logs: EncodedLogs,
    latents: np.ndarray,
    days_per_person: int,
    rng: np.random.Generator,
) -> Disagreement | None:
    """Measure it on some days of each person.

    Args:
        model: trained nets.
        logs: encoded logs of the people.
        latents: float32 (people, latents), e.g. posterior means.
        days_per_person: at most, of those whose actions are all observed.
        rng: picks days and corners.

    Returns:
        None where no day has all of its actions observed, or no ensemble disagrees.
    """
    if model.architecture.members < 2:
        return None
    people, days = _whole_days(logs, days_per_person, rng)
    if not len(people):
        return None
    window = windows(logs, people, days[:, None])
    own = np.array(window.transition_inputs)
    away = own.copy()
    corner = schema.encode_rows(actions.decode(_unlogged_corners(logs, len(people), rng)))
    away[:, 0, _ACTION_PART] = corner[:, inputs.ACTION_COLUMNS]
    away[:, 0, _SEEN_PART] = 1.0
    on_logged, on_corners = (_disagreement(model, x, latents[people]) for x in (own, away))
    return _compared(on_logged, on_corners, people)


def response_doubt(
    runtime: WorldModelRuntime,
    dataset: LogDataset,
    logs: EncodedLogs,
    days_per_person: int,
    rng: np.random.Generator,
) -> Disagreement | None:
    """Measure how much less is known about unlogged corners, where states follow a response.

    Args:
        runtime: of the checkpoint.
        dataset: the logs.
        logs: the same people's, encoded.
        days_per_person: see `disagreement`.
        rng: picks days and corners.
    """
    people, days = _whole_days(logs, days_per_person, rng)
    usable = days >= MIN_HISTORY_DAYS
    people, days = people[usable], days[usable]
    if not len(people):
        return None
    users = logs.users[people]
    logged = actions.encode(dataset.rows[users, days])
    corners = _unlogged_corners(logs, len(people), rng)
    world = DreamWorld(runtime, dataset, split="all", horizon=1, masking="none")
    starts = [PersonStart(int(u), int(d), 0) for u, d in zip(users, days, strict=True)]
    streams = [Stream((0, slot, 0), (0, slot, 0)) for slot in range(len(starts))]
    state, _ = world.reset(starts, streams)
    on_logged, on_corners = (
        np.asarray(world.step(state, action).extras["uncertainty"]) for action in (logged, corners)
    )
    return _compared(on_logged, on_corners, people)


def _compared(logged: np.ndarray, away: np.ndarray, people: np.ndarray) -> Disagreement:
    return Disagreement(
        days=len(people),
        logged=float(logged.mean()),
        away=float(away.mean()),
        ratio=ratio_interval(away, logged, people),
    )


def _whole_days(
    logs: EncodedLogs, per_person: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return people and days whose actions are all observed, at random."""
    whole = np.asarray(logs.observed[:, 1:][..., list(inputs.ACTION_ORDER)].all(axis=-1))
    picked = [
        rng.permutation(np.flatnonzero(whole[person]))[:per_person] for person in range(len(whole))
    ]
    people = np.repeat(np.arange(logs.people), [len(days) for days in picked])
    return people, np.concatenate(picked).astype(int)


def _unlogged_corners(logs: EncodedLogs, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return corners of the action box that lie away from every logged day, float32 (count, 7).

    Away: farther from the nearest logged day, in scales, than 99% of the logged days are
    from theirs; of all corners at least the farthest tenth.
    """
    seen = logs.observed[:, 1:][..., _CONTINUOUS].all(axis=-1)
    logged = logs.rows[:, 1:][seen][:, _COORDINATES]
    logged = logged[rng.permutation(len(logged))[:_LARGEST_LOG]]
    tree = cKDTree(logged)
    usual = np.quantile(tree.query(logged, k=2)[0][:, 1], NEAREST_QUANTILE)
    signs = rng.choice([-1.0, 1.0], size=(max(count, 500), actions.ACTION_WIDTH))
    signs = signs.astype(np.float32)
    encoded = schema.encode_rows(actions.decode(signs))
    distance = tree.query(encoded[:, _COORDINATES], k=1)[0]
    kept = np.flatnonzero(distance > min(usual, float(np.quantile(distance, 0.9))))
    if not len(kept):  # every corner as far as the farthest tenth
        kept = np.flatnonzero(distance >= distance.max())
    return signs[rng.choice(kept, size=count)]


def _disagreement(model: WorldModel, x: np.ndarray, latents: np.ndarray) -> np.ndarray:
    """Return the runtime's uncertainty of single days, float (n,): see `WorldModelRuntime`."""
    architecture = model.architecture
    layout, blocks = state_layout(architecture), architecture.blocks
    given = mx.array(x)
    of = mx.array(latents)
    offsets = baseline_offsets(of[:, blocks["a"]], given)
    members = np.array(model.transition(given, of[:, blocks["c"]], offsets=offsets))
    apart = []
    for index, part in layout.parameters.items():
        if index in schema.CONTINUOUS_FEATURES:
            logits, means, _ = heads.mixture_columns(part, layout.components)
            expected = (softmax(members[..., logits], axis=-1) * members[..., means]).sum(axis=-1)
            apart.append(expected.std(axis=0))
        else:
            shares = softmax(members[..., part], axis=-1)
            apart.append(shares.std(axis=0).mean(axis=-1))
    found: np.ndarray = np.mean(apart, axis=0)
    return found
