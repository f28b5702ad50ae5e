"""The exact posteriors of people's responses, after any day of their logs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.disk_arrays import in_parts
from human_wm_env.model.architecture import Architecture
from human_wm_env.person import schema
from human_wm_env.person.history import History
from human_wm_env.response.carried import Carried
from human_wm_env.response.inference import PersonalResponse, ResponseInference, joined
from human_wm_env.response.parameters import ResponseParameters

#: people who are all inferred at once, and kept
MOST_KEPT = 5000
_NOTHING = History(
    np.zeros((1, schema.FEATURE_COUNT), dtype=np.float32),
    np.zeros((1, schema.FEATURE_COUNT), dtype=bool),
    np.full(1, -1, dtype=np.int8),
)


class PersonalResponses:
    """Of some people of a data set.

    Args:
        parameters: of the population.
        dataset: the logs.
        users: int (people,), positions in it.
    """

    def __init__(
        self, parameters: ResponseParameters, dataset: LogDataset, users: np.ndarray
    ) -> None:
        self.parameters = parameters
        self._infer = ResponseInference(parameters)
        self._dataset, self._users = dataset, users

    @cached_property
    def whole(self) -> PersonalResponse:
        """After the whole log of each person; 8 kB a person, and some milliseconds."""
        return self._after(np.arange(len(self._users)))

    def after(self, people: np.ndarray) -> PersonalResponse:
        """Return what the whole logs of some people say.

        Args:
            people: int (n,), positions among the people. Of many, only these are worked out.
        """
        return self.whole[people] if len(self._users) <= MOST_KEPT else self._after(people)

    def _after(self, people: np.ndarray) -> PersonalResponse:
        parts = [
            self.before(few, self._dataset.days_logged[self._users[few]])
            for few in (people[part] for part in in_parts(len(people)))
        ]
        return joined(parts)

    def from_prior(self, usual: np.ndarray) -> Carried:
        """Return what is kept of people of whom nothing is known but what their days are like.

        Args:
            usual: float32 (people, 2, channels), as in `Carried`.
        """
        carried = self._infer([_NOTHING]).carried[np.zeros(len(usual), dtype=int)]
        return dataclasses.replace(carried, usual=usual)

    def before(self, people: np.ndarray, days: np.ndarray) -> PersonalResponse:
        """Return what the days before given ones say, with what is kept of them.

        Args:
            people: int (n,), positions among the people.
            days: int (n,), of their logs; 0 is the first, before which nothing is known.
        """
        return self._infer(
            [
                self._dataset.history(int(user), int(day)) if day > 0 else _NOTHING
                for user, day in zip(self._users[people], days, strict=True)
            ]
        )


def kl_of_blocks(response: PersonalResponse, architecture: Architecture) -> dict[str, float]:
    """Return how far z_a and z_c are from the prior, mean over people, nats of each block.

    Of a block's marginal posterior: KL(N(m, V) || N(0, I)).
    """
    cut = architecture.latent_c

    def of_block(part: slice) -> Iterator[np.ndarray]:
        for few in in_parts(len(response.mean)):
            own = response[few]
            covariance = own.root @ own.root.transpose(0, 2, 1)
            yield _kl(own.mean[:, part], covariance[:, part, part].astype(np.float64))

    return {
        f"kl_{block}_nats": float(np.concatenate(list(of_block(part))).mean())
        for block, part in (("a", slice(cut, None)), ("c", slice(0, cut)))
    }


def _kl(mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    trace = np.trace(covariance, axis1=1, axis2=2)
    _, log_determinant = np.linalg.slogdet(covariance)
    return np.asarray(
        0.5 * (trace + (mean**2).sum(axis=1) - mean.shape[1] - log_determinant), dtype=np.float64
    )
