"""First stage of a model with a response: all that its people share, by the marginal likelihood."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.files.array_checks import check_arrays
from human_wm_env.model.architecture import Architecture
from human_wm_env.person import schema
from human_wm_env.response.arrays import (
    RANGES,
    array_shapes,
    check_response,
    from_arrays,
    to_arrays,
)
from human_wm_env.response.parameters import ResponseParameters, response_logs
from human_wm_env.response.posterior import WorkingPoint
from world_model.nets.missingness import gap_evidence
from world_model.training.logger import Logger
from world_model.training.response import (
    AUTO,
    MORNING,
    ResponseConfig,
    ResponseTraining,
    first_training,
    training_rounds,
)
from world_model.training.response_noise import NOISE_PEOPLE, refit_noise
from world_model.training.response_timing import find_timing
from world_model.training.response_validation import (
    LastDays,
    LastPeople,
    early,
    later_days_score,
)
from world_model.training.state_file import ENDING, count, read_state, write_state

NAME = "response"
#: within a person; a column that was 1 on one day in 10,000 has this much
UNSEEN_SD = 0.01
_POINT = "point.mean"


def _numbers(of_json: list[Any]) -> list[float]:
    return [float(each) for each in of_json]


_FACTS: dict[str, Callable[[Any], object]] = {
    "rounds": count,
    "validation": _numbers,
    "best": _numbers,
    "timing_nats": lambda nats: None if nats is None else float(nats),
}


def sized(config: ResponseConfig, architecture: Architecture) -> ResponseConfig:
    """Return how to train a response of the architecture's sizes.

    Raises:
        ConfigError: the configuration asks for other sizes.
    """
    plain = ResponseConfig()
    sizes = {
        "rate_channels": "response_rate_channels",
        "mood_channels": "response_mood_channels",
        "rank": "latent_c",
    }
    for name, size in sizes.items():
        wanted, asked = getattr(architecture, size), getattr(config, name)
        if asked not in (wanted, getattr(plain, name)):
            raise ConfigError(
                f"training.response.{name}={wanted}, as model.{size}",
                f"{asked}",
                f"Set model.{size}={asked}, and leave training.response.{name} out.",
            )
    if len(config.tau_days) != architecture.response_taus:
        raise ConfigError(
            f"{architecture.response_taus} time constants, as model.response_taus says",
            f"training.response.tau_days={list(config.tau_days)}",
            f"Set model.response_taus={len(config.tau_days)}, or name as many.",
        )
    found = {name: getattr(architecture, size) for name, size in sizes.items()}
    return dataclasses.replace(config, **found)


def train_response_stage(
    dataset: LogDataset,
    train: np.ndarray,
    validation: np.ndarray,
    config: ResponseConfig,
    *,
    start: ResponseParameters | None,
    logger: Logger,
    folder: Path | None = None,
    settings: str = "",
    progress: bool = False,
) -> tuple[ResponseParameters, dict[str, float]]:
    """Learn a response, or go on where its state file says that training stopped.

    People who train do not count as validation. Where there are no others, the later days of
    all people judge, given the earlier ones. Of many people a sample does both (`sampled`), whose
    numbers the scores are. What was learned from a start on is kept if it foretells later days
    better, one day ahead, than the start itself and than the start with noise and cutpoints of
    these people: often few of them tell little more.

    Args:
        dataset: the logs.
        train: int (people,), who is learned from.
        validation: int (people,), who decides when a round ends.
        config: how, with the architecture's sizes.
        start: parameters to begin with; None draws small ones.
        logger: receives the likelihood of the validation people.
        folder: where the state is kept after each round; None keeps none.
        settings: fingerprint of all that the run depends on.
        progress: show a bar.

    Returns:
        The parameters, and scores: nats per validation person at the end (up to a constant), at
        which step of the last round they were best, what was gained over a start, and by how much
        the logs prefer the time at which states are measured, if it was looked for.

    Raises:
        CheckpointError: the state file is damaged, or of another run.
    """
    train, validation = sampled(train, validation, config)
    unseen = _unseen(dataset, train, validation)
    users = np.concatenate([train, unseen])
    rows, observed = dataset.cells(users)
    weekday = dataset.weekday[users]
    learned = slice(0, len(train))
    gaps = gap_evidence(
        observed[learned], rows[learned, :, schema.MOOD], dataset.days_logged[train]
    )
    state = _State(folder, settings, config, (len(rows), rows.shape[1]))
    now = state.load()
    if now is None and start is not None:
        now = ResponseTraining(start)
    elif now is None:
        morning, timing = config.states_measured == MORNING, None
        if config.states_measured == AUTO:
            morning, timing = find_timing(
                rows[learned], observed[learned], weekday[learned], config
            )
        now = first_training(rows, observed, config, morning_states=morning)
        now.timing_nats = timing
        state.save(now)  # the search is not made twice
    now = dataclasses.replace(now, parameters=dataclasses.replace(now.parameters, gaps=gaps))
    total = config.rounds + 1
    bar = tqdm(
        initial=now.rounds, total=total, desc=NAME, unit="round", disable=None if progress else True
    )
    others = LastPeople(len(unseen)) if len(unseen) > 0 else LastDays()
    for after in training_rounds(rows, observed, weekday, config, now, others):
        for step in range(len(now.validation), len(after.validation)):
            logger.scalar(f"{NAME}/validation/nats_per_person", after.validation[step], step)
        now = after
        state.save(now)
        bar.update()
        bar.set_postfix_str(f"validation {now.validation[-1]:.1f} nats")
    bar.close()
    scores = {
        "nats_per_person": now.validation[-1],
        "best_step": round(now.best[-1] * config.later_steps),
        "people": len(train),
        "validation_people": len(unseen),
    }
    if now.timing_nats is not None:
        scores["timing_nats"] = now.timing_nats
    if start is None:
        return without_unseen(now.parameters), scores
    # The same scale, fillings and time constants: logs of all are the same.
    start = dataclasses.replace(start, gaps=gaps)
    some, few = slice(-len(unseen), None), slice(0, NOISE_PEOPLE)
    logs = response_logs(start, rows[some], observed[some], weekday[some])
    before = early(response_logs(start, rows[few], observed[few], weekday[few]))
    found = [start, refit_noise(start, before), now.parameters]
    nats = [later_days_score(each, logs) for each in found]
    best = int(np.argmax(nats))
    return found[best], scores | {"gain_over_start_nats": nats[best] - nats[0]}


def without_unseen(parameters: ResponseParameters) -> ResponseParameters:
    """Return a response that columns which never moved in the logs do not enter.

    Their weights were never learned, and what a plan makes of them, a sport that nobody did, is
    thousands of the standard deviations that they had.
    """
    moved = (parameters.actions.sd > UNSEEN_SD)[:, None]
    first, second = (np.where(moved, each, 0.0) for each in parameters.channels)
    return dataclasses.replace(parameters, channels=(first, second))


def sampled(
    train: np.ndarray, validation: np.ndarray, config: ResponseConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Return who is learned from and who judges: all, or at random so many as `config.people` says.

    What all people share is known well from a thousand of them, and every person more takes 2 MB.
    """
    everybody = len(train) + len(validation)
    if everybody <= config.people:
        return train, validation
    rng = np.random.default_rng(np.random.SeedSequence([config.seed, 31]))
    judging = round(config.people * len(validation) / everybody)
    judging = min(max(judging, len(validation) > 0), config.people - 1)
    learning = config.people - judging
    chosen = rng.permutation(len(train))[:learning], rng.permutation(len(validation))[:judging]
    return train[np.sort(chosen[0])], validation[np.sort(chosen[1])]


def _unseen(dataset: LogDataset, train: np.ndarray, validation: np.ndarray) -> np.ndarray:
    """Return the validation people whose logs are not those of a training person."""

    def log(user: int) -> bytes:
        rows, observed = dataset.cells(np.array([user]))
        return rows.tobytes() + observed.tobytes()

    known = {hash(log(user)) for user in train.tolist()}
    return np.array([user for user in validation.tolist() if hash(log(user)) not in known], int)


class _State:
    """The file that an interrupted training goes on from."""

    def __init__(
        self, folder: Path | None, run: str, config: ResponseConfig, logged: tuple[int, int]
    ) -> None:
        self._file = None if folder is None else folder / f"{NAME}{ENDING}"
        self._run = run
        sizes = config.channels, len(config.tau_days), config.rank
        self._shapes, self._logged = array_shapes(*sizes), logged

    def save(self, training: ResponseTraining) -> None:
        if self._file is None:
            return
        arrays = to_arrays(training.parameters)
        if training.point is not None:
            arrays[_POINT] = training.point.mean
        facts = {name: getattr(training, name) for name in _FACTS}
        write_state(self._file, self._run, arrays, facts)

    def load(self) -> ResponseTraining | None:
        """Return where the training stands, None if it has not begun."""
        if self._file is None or not self._file.exists():
            return None
        arrays, facts = read_state(self._file, self._run, _FACTS)
        point = arrays.pop(_POINT, None)
        if point is not None and (point.shape != self._logged or not np.isfinite(point).all()):
            raise CheckpointError(
                f"{_POINT} of shape {self._logged}, finite",
                f"other numbers in {self._file}",
                "Delete the file to start this stage again.",
            )
        if facts["rounds"] != len(facts["best"]):
            raise CheckpointError(
                "a best step of each round",
                f"{len(facts['best'])} of {facts['rounds']} rounds in {self._file}",
                "Delete the file to start this stage again.",
            )
        check_arrays(arrays, self._shapes, RANGES)
        check_response(arrays)
        return ResponseTraining(
            parameters=from_arrays(arrays),
            point=None if point is None else WorkingPoint(point.astype(np.float64)),
            **facts,
        )
