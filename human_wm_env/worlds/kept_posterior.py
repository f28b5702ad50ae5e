"""What a dream keeps of a start: posterior and memory as one row of float32 numbers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from human_wm_env.files.array_checks import LARGEST_WEIGHT
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.memory import Memory
from human_wm_env.person import schema
from human_wm_env.response.carried import Carried
from human_wm_env.response.parameters import STATES
from human_wm_env.runtime import folded_inputs
from human_wm_env.runtime.encoder import Posterior, drawn_latents

_SPREADS = {"sd", "noise_scale"}


@dataclass(frozen=True)
class KeptPosteriors:
    """Of several people, batch-first.

    Attributes:
        mean, sd: float32 (people, latents).
        sums: float32 (people, SUMS_WIDTH), slow quantities.
        root: float32 (people, k, k), Cholesky root of [z_c, z_a], and
        carried: what a response keeps of the days; None without one.
    """

    mean: np.ndarray
    sd: np.ndarray
    sums: np.ndarray
    root: np.ndarray | None
    carried: Carried | None

    def draw(self, noise: np.ndarray) -> np.ndarray:
        """Return latents, float32 (people, latents), from as much standard normal noise."""
        return drawn_latents(self.mean, self.sd, self.root, noise)


class KeptLayout:
    """Where what stands in such a row.

    Args:
        architecture: of the checkpoint.
    """

    def __init__(self, architecture: Architecture) -> None:
        latents = architecture.latent_width
        shapes: dict[str, tuple[int, ...]] = {
            "mean": (latents,),
            "sd": (latents,),
            "sums": (folded_inputs.SUMS_WIDTH,),
        }
        if architecture.has_response:
            states, channels = len(STATES), sum(architecture.response_channels)
            joint = architecture.latent_c + states
            memory = (architecture.response_taus, channels)
            shapes |= {
                "root": (joint, joint),
                "night": memory,
                "day": memory,
                "usual": (2, channels),
                "weather": (),
                "noise": (states, 2),
                "noise_slope": (states, 2, joint),
                "noise_root": (states, 2, 2),
                "noise_scale": (states,),
            }
        self._shapes = shapes
        self._ends = list(accumulate(int(np.prod(shape)) for shape in shapes.values()))

    @property
    def width(self) -> int:
        """Numbers of a row."""
        return self._ends[-1]

    def rows(self, posterior: Posterior, memory: Memory) -> np.ndarray:
        """Return what is kept, float32 (people, width)."""
        parts = [posterior.mean, posterior.sd, folded_inputs.sums_of(memory)]
        if posterior.response is not None:
            carried = posterior.response.carried
            parts += [posterior.response.root]
            parts += [getattr(carried, name) for name in list(self._shapes)[len(parts) :]]
        flat = [part.reshape(len(posterior.mean), -1) for part in parts]
        return np.concatenate(flat, axis=1, dtype=np.float32)

    def is_possible(self, rows: np.ndarray) -> bool:
        """Say whether rows read from a file can be ours: what is drawn from them is not checked."""
        if not (np.abs(rows) <= LARGEST_WEIGHT).all():  # False for NaN
            return False
        parts = dict(zip(self._shapes, np.split(rows, self._ends[:-1], axis=1), strict=True))
        weather = parts.get("weather", np.zeros(1))
        known = np.isin(weather, np.arange(-1, schema.FEATURES[schema.WEATHER].width)).all()
        return bool(known and all((parts[name] >= 0.0).all() for name in _SPREADS & parts.keys()))

    def people(self, rows: np.ndarray) -> KeptPosteriors:
        """Return what `rows` was given."""
        parts = {
            name: part.reshape(len(rows), *shape)
            for (name, shape), part in zip(
                self._shapes.items(), np.split(rows, self._ends[:-1], axis=1), strict=True
            )
        }
        mean, sd, sums = (parts.pop(name) for name in ("mean", "sd", "sums"))
        root = parts.pop("root", None)
        if root is None:
            return KeptPosteriors(mean, sd, sums, None, None)
        parts["weather"] = parts["weather"].astype(np.intp)
        return KeptPosteriors(mean, sd, sums, root, Carried(**parts))
