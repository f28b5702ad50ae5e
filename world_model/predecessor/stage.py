"""Training as this project's predecessor did it, which collapses; kept to show why.

Four of its choices (the data, and errors in its code, are not repeated here):

- the reconstruction is averaged over observed cells and the KL over latent dimensions, so
  that, counted as an ELBO, beta is some 20 to 40 on a log of two years;
- imagined trajectories are judged by their mean distance to the truth, which is smallest
  when all of them are equal. A proper score takes half their distance to each other off
  (the energy score, Gneiting & Raftery 2007), and is smallest when they vary as the truth;
- categories are points too, here vectors of probabilities;
- what the nets say is certain, so that all variety has to come from z.
"""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn

from human_wm_env.model.branches import BRANCHES, BRANCHES_PER_BLOCK
from human_wm_env.model.layouts import action_layout, decoder_layout, state_layout
from world_model.imagination.rollout import factorial_latents
from world_model.losses import elbo
from world_model.losses.distances import DISTANCES
from world_model.nets.distributions import encoded_mask
from world_model.predecessor import deterministic
from world_model.training.config import StageConfig
from world_model.training.history_stage import Batch, HistoryStage
from world_model.training.trainer import OBJECTIVE

ROLLOUT_DAYS = 7
ROLLOUT_PEOPLE = 4  # of each batch, 125 trajectories each


class PredecessorStage(HistoryStage):
    """Learn all nets at once, as points.

    Args:
        model: changed in place; its noise is taken away.
        train, validation: whom to learn from, and to judge by; their posteriors are not used.
        training: all settings.
    """

    name = "predecessor"
    draws = 1 + BRANCHES_PER_BLOCK

    def _begin(self) -> tuple[StageConfig, nn.Module]:
        self.parts = (
            *(OBJECTIVE, "decoder", "nets", "rollout"),
            *elbo.kl_names(self._model.architecture),
        )
        deterministic.remove_noise(self._model)
        return self._training.joint, self._model

    def _loss(self, batch: Batch, epoch: int | None) -> tuple[mx.array, ...]:
        """Return the loss and its parts, means over cells."""
        model, measure = self._model, self._training.point_distance
        mean, log_variance = model.encoder(
            batch.features, batch.inputs, batch.observed, batch.valid
        )
        latents = elbo.sample(mean, log_variance, batch.noise[0])
        decoded = self._decoder_loss(latents, batch, measure)
        nets = self._one_day_ahead(latents, batch)
        rolled = self._rollout(mean, log_variance, batch)
        loss = decoded + nets + rolled + averaged_kl(mean, log_variance)
        kl = elbo.kl_divergence(mean, log_variance)
        return loss, decoded, nets, rolled, *elbo.by_block(kl, model.architecture)

    def _one_day_ahead(self, latents: mx.array, batch: Batch) -> mx.array:
        model, window = self._model, batch.window
        architecture, measure = model.architecture, DISTANCES[self._training.point_distance]
        actions, states = deterministic.one_day_ahead(
            model, latents, window.policy_inputs, window.transition_inputs
        )
        acted = encoded_mask(action_layout(architecture), window.actions_seen)
        felt = encoded_mask(state_layout(architecture), window.states_seen)
        return measure(actions, window.actions, acted) + measure(states, window.states, felt)

    def _rollout(self, mean: mx.array, log_variance: mx.array, batch: Batch) -> mx.array:
        window, layout = batch.window, decoder_layout(self._model.architecture)
        part = slice(0, ROLLOUT_PEOPLE), slice(0, ROLLOUT_DAYS)
        mean, sd = mean[part[0]], mx.exp(0.5 * log_variance[part[0]])
        noise = batch.noise[1:].transpose(1, 0, 2)[part[0]]
        latents = factorial_latents(mean, sd, noise, self._model).reshape(len(mean), BRANCHES, -1)
        trajectories = deterministic.rollout(
            self._model, latents, window.policy_inputs[part], window.transition_inputs[part]
        )
        truth = mx.concatenate([window.actions[part], window.states[part]], axis=-1)
        seen = mx.concatenate([window.actions_seen[part], window.states_seen[part]], axis=-1)
        observed = encoded_mask(layout, seen)
        return rollout_distance(self._training.point_distance, trajectories, truth, observed)


def averaged_kl(mean: mx.array, log_variance: mx.array) -> mx.array:
    """Return the KL to the prior averaged over people and latent dimensions, a scalar."""
    return elbo.kl_divergence(mean, log_variance).mean()


def rollout_distance(
    name: str, trajectories: mx.array, truth: mx.array, observed: mx.array
) -> mx.array:
    """Return the mean distance of all trajectories to the truth, a scalar.

    Args:
        name: of the point distance.
        trajectories: (people, branches, days, columns).
        truth: (people, days, columns).
        observed: (people, days, columns), 1 where observed.
    """
    shape = trajectories.shape
    return DISTANCES[name](
        trajectories,
        mx.broadcast_to(truth[:, None], shape),
        mx.broadcast_to(observed[:, None], shape),
    )
