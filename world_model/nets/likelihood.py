"""How likely the nets find logged days, given a person's latents."""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx

from human_wm_env.model.architecture import Architecture
from human_wm_env.model.layouts import action_layout, state_layout
from human_wm_env.person import schema
from world_model.data.windows import Windows
from world_model.nets.distributions import row_log_likelihood
from world_model.nets.world_model import WorldModel, baseline_offsets


@dataclass(frozen=True)
class LogLikelihood:
    """Summed over the observed cells of a window, nats, (people,) each.

    Attributes:
        policy: of the actions under the policy net.
        transition: of the states, averaged over the ensemble's members; of a mood, given
            what the day's gaps say of it (`missingness`). 0 where states follow a response, whose
            likelihood is that of all days at once, and no matter of these latents.
    """

    policy: mx.array
    transition: mx.array

    @property
    def total(self) -> mx.array:
        """Both."""
        return self.policy + self.transition


def log_likelihood(
    model: WorldModel,
    latents: mx.array,
    window: Windows,
    member_weights: mx.array | None = None,
) -> LogLikelihood:
    """Return the log-likelihood of each person's window.

    Args:
        model: the nets.
        latents: (people, net_width).
        window: teacher-forced days.
        member_weights: (members, people), bootstrap weights with mean 1; None means all 1.
    """
    architecture = model.architecture
    people, days, _ = window.states.shape
    actions = row_log_likelihood(
        action_layout(architecture),
        model.policy(
            window.policy_inputs, latents[:, architecture.net_blocks["b"]], window.action_chain
        )[0],
        window.actions.reshape(people * days, -1),
        window.actions_seen.reshape(people * days, -1),
    )
    policy = actions.reshape(people, -1).sum(axis=1)
    if architecture.has_response:
        return LogLikelihood(policy, mx.zeros((people,)))
    states = _states(model, latents, window, architecture)  # (members, people)
    if member_weights is not None:
        states = states * member_weights
    return LogLikelihood(policy, states.mean(axis=0))


def _states(
    model: WorldModel, latents: mx.array, window: Windows, architecture: Architecture
) -> mx.array:
    people, days, _ = window.states.shape
    parameters = model.transition(
        window.transition_inputs,
        latents[:, architecture.blocks["c"]],
        window.state_chain,
        baseline_offsets(latents[:, architecture.blocks["a"]], window.transition_inputs),
    )
    layout = state_layout(architecture)
    # What the day's gaps say of the mood need not be explained by the nets.
    evidence = model.missingness.evidence(
        window.opened, window.held, window.gaps, window.days_at_risk
    ).reshape(people * days, -1)
    at = layout.parameters[schema.MOOD]
    sides = [(0, 0), (at.start, layout.width - at.stop)]
    cells = row_log_likelihood(
        layout,
        parameters + mx.pad(evidence, sides),
        window.states.reshape(1, people * days, -1),
        window.states_seen.reshape(1, people * days, -1),
    )
    return cells.reshape(architecture.members, people, -1).sum(axis=2)
