"""Settings of training; the nets' sizes are `human_wm_env.model.architecture`."""

from __future__ import annotations

from dataclasses import dataclass, field

from human_wm_env.errors import ConfigError, did_you_mean
from world_model.losses.distances import DISTANCES
from world_model.training.response import ResponseConfig

LIKELIHOOD, PREDECESSOR = "likelihood", "predecessor"
PERSONAL, ENCODER = "personal", "encoder"
BEST, LAST = "best", "last"
BLOCKS = ("a", "b", "c")


def _ones() -> dict[str, float]:
    return dict.fromkeys(BLOCKS, 1.0)


def _zeros() -> dict[str, float]:
    return dict.fromkeys(BLOCKS, 0.0)


@dataclass(frozen=True)
class StageConfig:
    """How one stage of training is optimised.

    Attributes:
        epochs: most passes over the people.
        learning_rate: of Adam at the start; it decays along a cosine.
        final_share: of the learning rate left at the end, in (0, 1].
        clip_norm: largest norm of the gradient, > 0.
        patience: epochs without a better validation score before stopping; 0 never stops.
        batch_people: people in a batch.
        keep: "best" ends with the best validated parameters; "last" with the last ones, where
            validation people are too few to decide and the epochs were chosen elsewhere.
    """

    epochs: int = 100
    learning_rate: float = 3e-3
    final_share: float = 0.02
    clip_norm: float = 1.0
    patience: int = 0
    batch_people: int = 64
    keep: str = BEST

    def __post_init__(self) -> None:
        if self.epochs < 0 or self.batch_people < 1 or self.patience < 0:
            raise ConfigError(
                "epochs >= 0, batch_people >= 1 and patience >= 0",
                f"{self.epochs}, {self.batch_people} and {self.patience}",
                "Mend the number that is out of range.",
            )
        _require_one_of("keep", self.keep, (BEST, LAST))
        if self.learning_rate <= 0.0 or self.clip_norm <= 0.0 or not 0.0 < self.final_share <= 1.0:
            raise ConfigError(
                "learning_rate > 0, clip_norm > 0 and final_share in (0, 1]",
                f"{self.learning_rate}, {self.clip_norm} and {self.final_share}",
                "Mend the number that is out of range.",
            )


@dataclass(frozen=True)
class RolloutConfig:
    """The score of imagined trajectories in the first stage (`imagination/differentiable.py`).

    Attributes:
        weight: of the energy score, against nats per day; 0 imagines nothing.
        every: batches from one to the next that holds trajectories.
        people: of the batch, whose futures are imagined.
        draws: of each latent block, >= 2: draws**3 futures a person.
        days: of each future.
    """

    weight: float = 0.0
    every: int = 12
    people: int = 16
    draws: int = 3
    days: int = 7

    def __post_init__(self) -> None:
        if self.weight < 0.0 or self.draws < 2 or min(self.every, self.people, self.days) < 1:
            raise ConfigError(
                "weight >= 0, draws >= 2, and every, people and days >= 1",
                f"{self.weight}, {self.draws}, {self.every}, {self.people} and {self.days}",
                "Mend the number that is out of range.",
            )


@dataclass(frozen=True)
class TrainingConfig:
    """How the world model is trained.

    First a response, if states follow one; the nets (policy, and transition without a response)
    against one variational posterior per person;
    then the encoder's moment net; then its second reading, and the decoder. Or, to be
    compared with that, all of them jointly, in one stage.

    Attributes:
        seed: of initial weights, batches and noise.
        response: how a response is learned, before all nets, if states follow one; its sizes are
            the architecture's.
        nets: optimisation of the first stage.
        moments: optimisation of the second stage.
        encoder: optimisation of the third stage.
        loss: "likelihood", or "predecessor", which collapses and is kept to show why
            (`world_model/predecessor/stage.py`); it has no weights, so beta and the like do not
            touch it.
        posteriors: "personal": one per person, in three stages; "encoder": those of its
            single pass alone, jointly. None takes the loss's own, personal for the likelihood
            and the encoder's for the predecessor, which knew no others.
        joint: optimisation of the joint stage.
        point_distance: of the predecessor's loss: rmse, mae, mape, huber.
        rollouts: the proper score of imagined trajectories in the first stage.
        window_days: days of each person in a batch of the first stage.
        posterior_rate: learning rate of the personal posteriors, relative to the nets'.
        beta: weight of the KL of each block (a, b, c).
        free_bits: nats of each block that cost nothing.
        annealing_epochs: epochs over which the KL's weight rises to 1.
        baseline_epochs: first epochs of the nets in which z_c waits at 0, so that baselines
            settle in z_a.
        empty_blocks: train again without the blocks of latents that do not help on unseen
            days of validation people (`training/latent_pruning.py`), if those are ten or more.
        dreamt_people: people imagined by the model to train its encoder on, 0 for none.
        member_share: share of people that each ensemble member learns from.
        distillation_weight: of matching the personal posteriors, against the ELBO, in the
            third stage.
        likelihood_days: days of each history that the ELBO of the third stage samples.
        decoder_loss: "likelihood", or a point distance: rmse, mae, mape, huber.
        decoder_weight: of the decoder's loss.
        decoder_days: days that the decoder reconstructs.
        validation_days: days of each validation person that scores are computed on.
        start: checkpoint folder, or "bundled", whose weights training begins with, and whose
            normalisation it keeps; None begins with fresh ones.
    """

    seed: int = 0
    response: ResponseConfig = field(default_factory=ResponseConfig)
    nets: StageConfig = field(default_factory=StageConfig)
    moments: StageConfig = field(
        default_factory=lambda: StageConfig(
            epochs=16, learning_rate=3e-4, batch_people=64, patience=4
        )
    )
    encoder: StageConfig = field(
        default_factory=lambda: StageConfig(epochs=40, learning_rate=1e-3, batch_people=32)
    )
    loss: str = LIKELIHOOD
    posteriors: str | None = None
    joint: StageConfig = field(
        default_factory=lambda: StageConfig(epochs=60, learning_rate=3e-3, batch_people=32)
    )
    point_distance: str = "huber"
    rollouts: RolloutConfig = field(default_factory=RolloutConfig)
    window_days: int = 128
    posterior_rate: float = 8.0
    beta: dict[str, float] = field(default_factory=_ones)
    free_bits: dict[str, float] = field(default_factory=_zeros)
    annealing_epochs: int = 10
    baseline_epochs: int = 20
    empty_blocks: bool = True
    dreamt_people: int = 2000
    member_share: float = 0.8
    distillation_weight: float = 1.0
    likelihood_days: int = 96
    decoder_loss: str = LIKELIHOOD
    decoder_weight: float = 0.05
    decoder_days: int = 32
    validation_days: int = 256
    start: str | None = None

    def __post_init__(self) -> None:
        for name in ("beta", "free_bits"):
            values = getattr(self, name)
            if set(values) != set(BLOCKS) or min(values.values()) < 0.0:
                raise ConfigError(
                    f"{name} >= 0 for each of the blocks a, b, c", f"{values}", "Name all three."
                )
        for name, known in (
            ("loss", (LIKELIHOOD, PREDECESSOR)),
            ("posteriors", (None, PERSONAL, ENCODER)),
            ("point_distance", tuple(DISTANCES)),
            ("decoder_loss", (LIKELIHOOD, *DISTANCES)),
        ):
            _require_one_of(name, getattr(self, name), known)
        if self.loss == PREDECESSOR and self.posteriors == PERSONAL:
            raise ConfigError(
                f"posteriors={ENCODER} with loss={PREDECESSOR}",
                f"posteriors={PERSONAL}",
                "The predecessor had no posterior per person; leave posteriors out.",
            )
        if not 0.0 < self.member_share <= 1.0:
            raise ConfigError(
                "member_share in (0, 1]", f"{self.member_share}", "1 lets every member see all."
            )

    @property
    def is_joint(self) -> bool:
        """Whether all nets are trained in one stage, without personal posteriors."""
        return self.loss == PREDECESSOR or self.posteriors == ENCODER


def _require_one_of(name: str, value: str | None, known: tuple[str | None, ...]) -> None:
    if value not in known:
        words = [word for word in known if word is not None]
        raise ConfigError(
            f"a {name} out of {', '.join(words)}", repr(value), did_you_mean(value, words)
        )
