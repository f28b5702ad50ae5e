"""The settings of the transformer agent, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from human_wm_env.errors import ConfigError
from human_wm_env.settings import one_of

COUNTS = (
    *("steps", "episodes", "epochs", "minibatches"),
    *("layers", "width", "heads", "feed_forward", "context", "threads"),
)
STATE_LOSSES = ("auto", "binary", "squared")


@dataclass(frozen=True)
class PlanningConfig:
    """How the agent's own predictions choose its actions.

    Attributes:
        depth: steps that are predicted; 0 acts by the action head alone.
        beam: most promising futures that are followed further.
        actions: candidates of an action space that is no Discrete: samples of the action head.
    """

    depth: int = 0
    beam: int = 8
    actions: int = 16

    def __post_init__(self) -> None:
        if self.depth < 0 or self.beam < 1 or self.actions < 1:
            raise ConfigError(
                "depth >= 0, beam >= 1 and actions >= 1",
                f"depth={self.depth}, beam={self.beam}, actions={self.actions}",
                "Correct the settings.",
            )

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing, and why."""
        return {} if self.depth else dict.fromkeys(("beam", "actions"), "Set depth, too.")


@dataclass(frozen=True)
class CurriculumConfig:
    """Levels of difficulty, and when the training moves between them.

    Attributes:
        levels: arguments of the environment at each level, from easy to hard; none trains in
            the environment as it is.
        window: decisions of a level that the success rate is taken over.
        advance: goes on when the success rate is above this, with confidence.
        fall_back: goes back when it is below this, with confidence.
        confidence: of the Wilson bounds.
    """

    levels: list[dict[str, Any]] = field(default_factory=list)
    window: int = 2000
    advance: float = 0.9
    fall_back: float = 0.3
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.window < 1 or not 0.0 <= self.fall_back < self.advance < 1.0:
            raise ConfigError(
                "window >= 1 and 0 <= fall_back < advance < 1",
                f"window={self.window}, fall_back={self.fall_back}, advance={self.advance}",
                "Correct the settings.",
            )
        if not 0.5 < self.confidence < 1.0:
            raise ConfigError("0.5 < confidence < 1", f"{self.confidence}", "Such as 0.95.")

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing, and why."""
        moves = ("window", "advance", "fall_back", "confidence")
        return {} if self.levels else dict.fromkeys(moves, "Set levels, too.")


@dataclass(frozen=True)
class ReinforceConfig:
    """Settings of REINFORCE with a running baseline on a transformer.

    Attributes:
        steps: updates, each on `episodes` episodes.
        episodes: of an update; they run side by side.
        learning_rate: of Adam; it falls linearly to a tenth.
        gamma: discount of the returns.
        goal_weight: of the environment's reward in the reward that is learned from.
        prediction_weight: of the share of the next state that was predicted right.
        world_model_coef: of the world-model loss; 0 trains without the head.
        random_share: of the episodes take random actions, so that the head learns what all
            actions bring; the policy does not learn from them. Without the head there are none.
        value_coef: of the value loss.
        entropy_coef: of the entropy bonus; it falls linearly to 0.
        baseline_decay: of the running baseline, which has a mean for each step of an episode.
        max_grad_norm: gradients are clipped to it.
        state_loss: of the head: "binary" cross-entropy of each entry, "squared" errors, or
            "auto": binary where all observations are in [0, 1].
        layers, width, heads, feed_forward: of the transformer.
        context: steps that it looks back.
        keep_every: updates between two states of the training.
        planning: how its predictions choose actions when it acts; not in training.
        curriculum: levels of difficulty.
        seed: of weights, episodes and actions.
        threads: of Torch.
    """

    steps: int = 5000
    episodes: int = 64
    learning_rate: float = 1e-3
    gamma: float = 0.9
    goal_weight: float = 1.0
    prediction_weight: float = 0.0
    world_model_coef: float = 1.0
    random_share: float = 0.125
    value_coef: float = 0.5
    entropy_coef: float = 0.02
    baseline_decay: float = 0.95
    max_grad_norm: float = 1.0
    state_loss: str = "auto"
    layers: int = 2
    width: int = 64
    heads: int = 4
    feed_forward: int = 256
    context: int = 64
    keep_every: int = 500
    planning: PlanningConfig = field(default_factory=PlanningConfig)
    curriculum: CurriculumConfig = field(default_factory=CurriculumConfig)
    seed: int = 0
    threads: int = 1
    algorithm: Literal["reinforce"] = "reinforce"

    def __post_init__(self) -> None:
        for name in COUNTS:
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} >= 1", f"{getattr(self, name)}", "Raise it.")
        for name in ("world_model_coef", "value_coef", "entropy_coef", "keep_every"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} >= 0", f"{getattr(self, name)}", "0 switches it off.")
        if not 0.0 <= self.random_share < 1.0:
            raise ConfigError("0 <= random_share < 1", f"{self.random_share}", "Such as 0.125.")
        if self.episodes - self.episodes_at_random < self.minibatches:
            raise ConfigError(
                f"an episode of the policy for each of {self.minibatches} minibatches",
                f"{self.episodes} episodes, {self.episodes_at_random} of them at random",
                "Raise episodes, or lower random_share or n_minibatches.",
            )
        if self.learning_rate <= 0.0 or self.max_grad_norm <= 0.0:
            raise ConfigError(
                "learning_rate > 0 and max_grad_norm > 0",
                f"{self.learning_rate} and {self.max_grad_norm}",
                "Raise them.",
            )
        if not 0.0 <= self.gamma <= 1.0 or not 0.0 <= self.baseline_decay < 1.0:
            raise ConfigError(
                "0 <= gamma <= 1 and 0 <= baseline_decay < 1",
                f"{self.gamma} and {self.baseline_decay}",
                "Correct the settings.",
            )
        if self.width % (2 * self.heads) or self.width // self.heads < 4:
            raise ConfigError(
                "a width of at least 4 for each head, and divisible by 2 heads",
                f"width={self.width}, heads={self.heads}",
                "Such as width=64 and heads=4.",
            )
        one_of(self.state_loss, STATE_LOSSES, "a state_loss")

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing, and why."""
        if self.world_model_coef:
            return {}
        why = "It is of the world-model head: raise world_model_coef."
        return dict.fromkeys(("random_share", "state_loss"), why)

    @property
    def episodes_at_random(self) -> int:
        """Episodes of an update whose actions are random; none without the head."""
        return round(self.random_share * self.episodes) if self.world_model_coef else 0

    @property
    def epochs(self) -> int:
        """Passes over the episodes of an update."""
        return 1

    @property
    def minibatches(self) -> int:
        """Parts of the episodes of an update, each with a gradient step in each pass."""
        return 1


@dataclass(frozen=True)
class TransformerPPOConfig(ReinforceConfig):
    """Settings of PPO on the same transformer; the others are those of `ReinforceConfig`.

    Attributes:
        n_epochs: passes over the episodes of an update.
        n_minibatches: parts of these episodes; each is a gradient step in each pass.
        clip_range: of the probability ratio.
        gae_lambda: of the advantages, whose baseline is the value head.
    """

    n_epochs: int = 3
    n_minibatches: int = 1
    clip_range: float = 0.2
    gae_lambda: float = 0.95
    algorithm: Literal["transformer_ppo"] = "transformer_ppo"  # type: ignore[assignment]

    @property
    def epochs(self) -> int:
        """Passes over the episodes of an update."""
        return self.n_epochs

    @property
    def minibatches(self) -> int:
        """Parts of the episodes of an update, each with a gradient step in each pass."""
        return self.n_minibatches
