"""Settings of the training of V and M."""

from __future__ import annotations

from dataclasses import dataclass, field

from human_wm_env.errors import ConfigError
from human_wm_env.vector_dream.architecture import VectorArchitecture
from world_model.training.config import StageConfig

MOST_LATENTS = 32


@dataclass(frozen=True)
class VectorModelConfig:
    """How V and M are sized and trained.

    Attributes:
        latent: width of z; None takes the entries that vary, at most MOST_LATENTS.
        vae_hidden, memory, hidden, outcome_hidden, members, mixtures: see `VectorArchitecture`.
        beta: weight of V's KL.
        free_nats: nats of every latent that cost nothing, the KL's floor.
        vae: optimisation of V; its batches are of `batch_people` observations.
        rnn: optimisation of M; its batches are of `batch_people` windows.
        window: steps of a window.
        member_share: share of the windows that each member learns from.
        seed: of initial weights, splits, batches and noise.
    """

    latent: int | None = None
    vae_hidden: int = 256
    memory: int = 32
    hidden: int = 128
    outcome_hidden: int = 64
    members: int = 5
    mixtures: int = 3
    beta: float = 1.0
    free_nats: float = 0.0
    vae: StageConfig = field(
        default_factory=lambda: StageConfig(
            epochs=60, learning_rate=1e-3, batch_people=128, patience=15
        )
    )
    rnn: StageConfig = field(
        default_factory=lambda: StageConfig(
            epochs=150, learning_rate=2e-3, clip_norm=10.0, batch_people=32, patience=30
        )
    )
    window: int = 32
    member_share: float = 0.8
    seed: int = 0

    def __post_init__(self) -> None:
        if self.beta < 0.0 or self.free_nats < 0.0 or self.window < 1:
            raise ConfigError(
                "beta >= 0, free_nats >= 0 and window >= 1",
                f"{self.beta}, {self.free_nats} and {self.window}",
                "Correct the setting that is out of range.",
            )
        if not 0.0 < self.member_share <= 1.0:
            raise ConfigError("member_share in (0, 1]", f"{self.member_share}", "1 shows all.")

    def architecture(self, observation: int, action: int, varying: int) -> VectorArchitecture:
        """Return the sizes for an environment, `varying` entries of whose observations vary."""
        latent = min(max(varying, 1), MOST_LATENTS) if self.latent is None else self.latent
        return VectorArchitecture(
            observation=observation,
            action=action,
            latent=latent,
            vae_hidden=self.vae_hidden,
            memory=self.memory,
            hidden=self.hidden,
            outcome_hidden=self.outcome_hidden,
            members=self.members,
            mixtures=self.mixtures,
        )
