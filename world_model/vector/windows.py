"""Episodes cut into windows of steps, as V encodes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.vector_dream.episodes import EpisodeLog
from human_wm_env.vector_dream.nets import LATENT_BOUND, VectorNets


@dataclass(frozen=True)
class EncodedEpisode:
    """One episode as M sees it.

    Attributes:
        mean: float32 (steps + 1, latent), of the posteriors of z.
        deviation: float32 (steps + 1, latent), likewise.
        actions: float32 (steps, action), encoded.
        rewards: float32 (steps,).
        terminated: float32 (steps,), 1 at a step that ended the episode.
    """

    mean: np.ndarray
    deviation: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    terminated: np.ndarray

    def __len__(self) -> int:
        return len(self.rewards)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Draw latents of the posteriors, float32 (steps + 1, latent)."""
        return sample(self.mean, self.deviation, rng)


def sample(mean: np.ndarray, deviation: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw latents, kept within the bounds of dreams."""
    noise = rng.standard_normal(mean.shape, dtype=np.float32)
    return np.clip(mean + deviation * noise, -LATENT_BOUND, LATENT_BOUND)


def encode_log(nets: VectorNets, log: EpisodeLog) -> list[EncodedEpisode]:
    """Return the episodes of a log, encoded."""
    encoded = []
    for episode in log.episodes:
        mean, log_variance = nets.encode(episode.observations)
        ends = np.zeros(len(episode), dtype=np.float32)
        ends[-1] = episode.terminated
        encoded.append(
            EncodedEpisode(
                mean,
                np.exp(0.5 * log_variance),
                log.task.action.encode(episode.actions),
                episode.rewards.astype(np.float32),
                ends,
            )
        )
    return encoded


@dataclass(frozen=True)
class Windows:
    """Stretches of episodes, (windows, steps, ...) each; `mean` and `deviation` one step longer.

    Attributes:
        mean, deviation, actions, rewards, terminated: see `EncodedEpisode`.
        valid: float32 (windows, steps), 0 on padding.
    """

    mean: np.ndarray
    deviation: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    terminated: np.ndarray
    valid: np.ndarray

    def __len__(self) -> int:
        return len(self.valid)

    def part(self, chosen: np.ndarray) -> Windows:
        """Return some of the windows."""
        return Windows(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def cut(episodes: list[EncodedEpisode], steps: int) -> Windows:
    """Cut every episode into windows of so many steps; the last ones are padded."""
    rows: dict[str, list[np.ndarray]] = {name: [] for name in Windows.__dataclass_fields__}
    for episode in episodes:
        for first in range(0, len(episode), steps):
            own = slice(first, first + steps)
            for name in ("actions", "rewards", "terminated"):
                rows[name].append(_padded(getattr(episode, name)[own], steps))
            for name in ("mean", "deviation"):
                states = getattr(episode, name)[first : first + steps + 1]
                rows[name].append(_padded(states, steps + 1))
            rows["valid"].append(_padded(np.ones_like(episode.rewards[own]), steps))
    return Windows(**{name: np.stack(values) for name, values in rows.items()})


def _padded(array: np.ndarray, length: int) -> np.ndarray:
    return np.pad(array, [(0, length - len(array)), *[(0, 0)] * (array.ndim - 1)])


def remembered(nets: VectorNets, z: np.ndarray, episode: EncodedEpisode) -> np.ndarray:
    """Return M's memory before each step of an episode, float32 (steps, memory).

    Args:
        nets: V and M.
        z: float32 (steps + 1, latent).
        episode: whose actions are remembered.
    """
    h = np.zeros((1, nets.architecture.memory), dtype=np.float32)
    states = []
    for step in range(len(episode)):
        states.append(h[0])
        h = nets.remember(h, z[step : step + 1], episode.actions[step : step + 1])
    return np.stack(states)
