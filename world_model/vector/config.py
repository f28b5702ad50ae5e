"""Settings of the training of V and M."""

from __future__ import annotations

from dataclasses import dataclass, field

from human_wm_env.errors import ConfigError
from human_wm_env.vector_dream.architecture import VectorArchitecture
from world_model.training.config import StageConfig

MOST_LATENTS = 32
# Of V where z is narrower than what varies: (hidden units, dropout rate); elsewhere. Chosen on
# Humanoid-v5 alone (docs/vector_worlds.md), where V overfits.
COMPRESSING, ELSEWHERE = (512, 0.2), (256, 0.0)


@dataclass(frozen=True)
class VectorModelConfig:
    """How V and M are sized and trained.

    Attributes:
        latent: width of z; None takes the entries that vary, at most MOST_LATENTS.
        vae_hidden: units of V's hidden layer next to the observation; the one next to z has half
            of them. None takes 512 where z is narrower than what varies, else 256.
        dropout: rate of V's dropout, in [0, 1), of the first hidden layers of encoder and decoder.
            None takes .2 where z is narrower than what varies, else 0.
        memory, hidden, outcome_hidden, members, mixtures: see `VectorArchitecture`.
        beta: weight of V's KL.
        free_nats: nats of every latent that cost nothing, the KL's floor.
        vae: optimisation of V; its batches are of `batch_people` observations.
        rnn: optimisation of M; its batches are of `batch_people` windows.
        more_epochs: passes of M over the windows where it goes on from an earlier one.
        window: steps of a window.
        member_share: share of the windows that each member learns from.
        seed: of initial weights, splits, batches and noise.
    """

    latent: int | None = None
    vae_hidden: int | None = None
    dropout: float | None = None
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
    more_epochs: int = 15
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
        if self.more_epochs < 0:
            raise ConfigError("more_epochs >= 0", f"{self.more_epochs}", "Raise it.")
        if self.vae_hidden is not None and self.vae_hidden < 2:
            raise ConfigError("vae_hidden >= 2", f"{self.vae_hidden}", "Raise it.")
        if self.dropout is not None and not 0.0 <= self.dropout < 1.0:
            raise ConfigError("dropout in [0, 1)", f"{self.dropout}", "0 is none.")
        if not 0.0 < self.member_share <= 1.0:
            raise ConfigError("member_share in (0, 1]", f"{self.member_share}", "1 shows all.")

    def architecture(self, observation: int, action: int, varying: int) -> VectorArchitecture:
        """Return the sizes for an environment, `varying` entries of whose observations vary."""
        latent = min(max(varying, 1), MOST_LATENTS) if self.latent is None else self.latent
        units, _ = COMPRESSING if latent < varying else ELSEWHERE
        return VectorArchitecture(
            observation=observation,
            action=action,
            latent=latent,
            vae_hidden=units if self.vae_hidden is None else self.vae_hidden,
            memory=self.memory,
            hidden=self.hidden,
            outcome_hidden=self.outcome_hidden,
            members=self.members,
            mixtures=self.mixtures,
        )

    def dropout_of(self, latent: int, varying: int) -> float:
        """Return the dropout rate of V, `varying` entries of whose observations vary."""
        _, dropout = COMPRESSING if latent < varying else ELSEWHERE
        return dropout if self.dropout is None else self.dropout
