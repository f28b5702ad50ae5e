"""Which random stream the next episode of each slot takes, by seeds and episodes so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from human_wm_env.errors import ConfigError
from human_wm_env.random_streams import Stream
from human_wm_env.settings import seed_number

Seeds = int | Sequence[int | None] | None


class SlotStreams:
    """Seeds of slots, and the number of each one's running episode.

    Args:
        slots: how many.
        group_size: so many slots that follow each other share their latents.
    """

    def __init__(self, slots: int, group_size: int) -> None:
        self._slots, self._group_size = slots, group_size
        self._latents: list[tuple[int, int]] = []
        self._noise: list[tuple[int, int]] = []
        self._episode = np.full(slots, -1)

    @property
    def seeded(self) -> bool:
        """Whether every slot has a seed."""
        return bool(self._latents)

    def copy(self) -> SlotStreams:
        """Return the same seeds and episodes, which change apart from these."""
        found = SlotStreams(self._slots, self._group_size)
        found._latents, found._noise = self._latents.copy(), self._noise.copy()
        found._episode = self._episode.copy()
        return found

    def checked(self, seeds: Seeds) -> int | list[int | None] | None:
        """Return a seed, or one for each slot; raise ConfigError for anything else."""
        if seeds is None:
            return None
        given: Any = seeds
        every = given.tolist() if isinstance(given, np.ndarray) else given
        if not isinstance(every, Sequence):
            return seed_number(every)
        if len(every) != self._slots:
            raise ConfigError(
                f"{self._slots} seeds, one per slot", f"{len(every)}", "Or give a single int."
            )
        return [None if one is None else seed_number(one) for one in every]

    def seed_all(self, seed: int, chosen: np.ndarray) -> None:
        """Give the chosen slots, bool (slots,), streams of one seed; the others keep theirs."""
        if not self.seeded:
            self._latents = [(seed, 0)] * self._slots
            self._noise = [(seed, 0)] * self._slots
        for slot in np.flatnonzero(chosen):
            self._latents[slot] = (seed, int(slot) // self._group_size)
            self._noise[slot] = (seed, int(slot))
        self._episode[chosen] = -1

    def seed_each(self, seeds: Sequence[int | None], chosen: np.ndarray) -> None:
        """Give each chosen slot a seed of its own; None keeps what it has."""
        first: dict[int, int] = {}
        for slot, seed in enumerate(seeds):
            if seed is None or not chosen[slot]:
                continue
            shared = first.setdefault(slot // self._group_size, int(seed))
            self._latents[slot] = (shared, 0)
            # Branch b of a scalar env has noise stream b; see Env.reset.
            self._noise[slot] = (int(seed), slot % self._group_size)
            self._episode[slot] = -1

    def go_to(self, episode: int, slots: np.ndarray) -> None:
        """Let `episode` be the running one of some slots; -1 is before the first."""
        self._episode[slots] = episode

    def next(self, slots: np.ndarray) -> list[Stream]:
        """Go on to the next episode of some slots; returns their streams."""
        self._episode[slots] += 1
        return self.running(slots)

    def running(self, slots: np.ndarray) -> list[Stream]:
        """Return the streams of the running episodes of some slots."""
        return [
            Stream((*self._latents[slot], episode), (*self._noise[slot], episode))
            for slot, episode in zip(slots.tolist(), self._episode[slots].tolist(), strict=True)
        ]
