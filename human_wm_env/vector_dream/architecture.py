"""The sizes of V and M, and the arrays that they have."""

from __future__ import annotations

from dataclasses import dataclass, fields

from human_wm_env.errors import ConfigError

Shapes = dict[str, tuple[int, ...]]
OUTCOMES = 2  # reward and log odds of the end


@dataclass(frozen=True)
class VectorArchitecture:
    """Sizes of the nets.

    Attributes:
        observation: width of an observation.
        action: width of an action, one-hot if Discrete.
        latent: width of z.
        vae_hidden: units of V's hidden layers next to the observation; those next to z have half.
        memory: units of the GRU, the width of h.
        hidden: units of the hidden layers of M's members.
        outcome_hidden: units of the hidden layers that tell reward and end.
        members: of the ensemble.
        mixtures: Gaussians for each entry of the next z.
    """

    observation: int
    action: int
    latent: int
    vae_hidden: int = 256
    memory: int = 32
    hidden: int = 128
    outcome_hidden: int = 64
    members: int = 5
    mixtures: int = 3

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise ConfigError(f"{field.name} >= 1", f"{getattr(self, field.name)}", "Raise it.")
        if self.vae_hidden < 2:
            raise ConfigError("vae_hidden >= 2", f"{self.vae_hidden}", "Raise it.")

    @property
    def features(self) -> int:
        """Width of what a controller sees: [z, h]."""
        return self.latent + self.memory


def expected_shapes(size: VectorArchitecture) -> Shapes:
    """Return the shape of every array of a checkpoint, by its dotted name, but for `starts`."""
    x, z, a, h = size.observation, size.latent, size.action, size.memory
    wide, half, members = size.vae_hidden, size.vae_hidden // 2, size.members
    return {
        **{f"normaliser.{name}": (x,) for name in ("mean", "scale", "active")},
        **_linear("encoder.linear", x, z),
        **_linear("encoder.first", x, wide),
        **_linear("encoder.second", wide, half),
        **_linear("encoder.out", half, 2 * z),
        **_linear("decoder.linear", z, x),
        **_linear("decoder.first", z, half),
        **_linear("decoder.second", half, wide),
        **_linear("decoder.out", wide, x),
        "memory.input": (1, z + a, 3 * h),
        "memory.input_bias": (1, 3 * h),
        "memory.hidden": (1, h, 3 * h),
        "memory.hidden_bias": (1, h),
        **_members("next", members, z + a + h, size.hidden, 3 * size.mixtures * z),
        **_members("outcome", members, 2 * z + a + h, size.outcome_hidden, OUTCOMES),
        "scales.step": (z,),
        "scales.reward": (4,),  # mean, scale, lowest and highest collected
    }


def _linear(name: str, width: int, out: int) -> Shapes:
    return {f"{name}.weight": (out, width), f"{name}.bias": (out,)}


def _members(name: str, members: int, width: int, hidden: int, out: int) -> Shapes:
    return {
        f"{name}.first": (members, width, hidden),
        f"{name}.first_bias": (members, 1, hidden),
        f"{name}.second": (members, hidden, hidden),
        f"{name}.second_bias": (members, 1, hidden),
        f"{name}.out": (members, hidden, out),
        f"{name}.out_bias": (members, 1, out),
    }
