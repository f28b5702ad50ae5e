"""A loaded world model that can encode histories and step days, in NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from human_wm_env import schema
from human_wm_env.dataset import History
from human_wm_env.runtime import heads, inputs, layouts, memory
from human_wm_env.runtime.checkpoint import Checkpoint
from human_wm_env.runtime.encoder import Encoder, Posterior, prepare
from human_wm_env.runtime.film import FilmWeights, Modulation
from human_wm_env.runtime.memory import Memory
from human_wm_env.runtime.weights import check_weights

# Histories encoded together; bounds the memory of a large reset.
ENCODER_BATCH = 64


class WorldModelRuntime:
    """The nets of one checkpoint, ready to step.

    Args:
        checkpoint: arrays and sizes.

    Raises:
        CheckpointError: the weights are not those of the architecture.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        check_weights(checkpoint.architecture, checkpoint.weights)
        self.checkpoint = checkpoint
        self.architecture = checkpoint.architecture
        self.action_layout = layouts.action_layout(self.architecture)
        self.state_layout = layouts.state_layout(self.architecture)
        weights = checkpoint.weights
        self.encoder = Encoder(weights)
        self.policy = FilmWeights.from_weights(weights, "policy", self.action_layout.chain_mask)
        self.transition = FilmWeights.from_weights(
            weights, "transition", self.state_layout.chain_mask
        )

    def encode(self, histories: Sequence[History]) -> tuple[Posterior, Memory]:
        """Return the posterior of each person and the memory after their last day.

        People of like length are encoded together; nobody influences anybody else.

        Args:
            histories: at least one, each of at least one day.
        """
        order = np.argsort([history.days for history in histories], kind="stable")
        width = self.architecture.latent_width
        people = len(histories)
        mean, log_variance = (np.empty((people, width), dtype=np.float32) for _ in range(2))
        after = memory.empty(people)
        total, weight = after.total.copy(), after.weight.copy()
        for start in range(0, people, ENCODER_BATCH):
            chosen = order[start : start + ENCODER_BATCH]
            prepared = prepare([histories[i] for i in chosen], use_memory=self.architecture.memory)
            posterior = self.encoder(prepared)
            mean[chosen], log_variance[chosen] = posterior.mean, posterior.log_variance
            total[chosen], weight[chosen] = prepared.memory.total, prepared.memory.weight
        return Posterior(mean, log_variance), Memory(total, weight)

    def remembered(self, state: Memory) -> np.ndarray:
        """Return the memory as net inputs, zeros in the Markov form."""
        features = memory.features(state)
        return features if self.architecture.memory else np.zeros_like(features)

    def policy_modulation(self, latents: np.ndarray) -> Modulation:
        """Return what z_b does to the policy net; constant over an episode."""
        return self.policy.modulation(latents[:, self.architecture.blocks["b"]])

    def transition_modulation(self, latents: np.ndarray) -> Modulation:
        """Return what z_a and z_c do to the transition net; constant over an episode."""
        blocks = self.architecture.blocks
        return self.transition.modulation(latents[:, blocks["c"]], latents[:, blocks["a"]])

    def act(
        self,
        policy_inputs: np.ndarray,
        modulation: Modulation,
        temperature: float,
        normal: np.ndarray,
        uniform: np.ndarray,
    ) -> np.ndarray:
        """Draw habitual actions, raw rows (slots, 10), not yet projected onto the feasible set."""
        parameters = self.policy(policy_inputs, modulation)[0]
        return heads.sample_row(
            self.action_layout, parameters, self.policy.chain[0], temperature, normal, uniform
        )

    def respond(
        self,
        transition_inputs: np.ndarray,
        modulation: Modulation,
        temperature: float,
        normal: np.ndarray,
        uniform: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw the states of a day and say how much the ensemble disagrees.

        The predictive distribution is the mixture over the members: a member is drawn
        each day. At temperature 0 the members are averaged.

        Args:
            transition_inputs: float32 (slots, TRANSITION_WIDTH).
            modulation: from `transition_modulation`.
            temperature: tau of the dream.
            normal: float32 (slots, 2).
            uniform: float32 (slots, 3): member, then one per feature.

        Returns:
            Raw rows (slots, 10) with the states set, and the uncertainty (slots,).
        """
        blind = transition_inputs[:, inputs.STATE_MASK_PART] == 0.0
        members = self.transition(transition_inputs, modulation, blind)
        uncertainty = self._disagreement(members)
        if temperature == 0.0:
            parameters, chain = members.mean(axis=0), self.transition.chain.mean(axis=0)
        else:
            count = self.transition.members
            member = np.minimum((uniform[:, 0] * count).astype(np.intp), count - 1)
            parameters = members[member, np.arange(len(member))]
            chain = self.transition.chain[member] if count > 1 else self.transition.chain[0]
        rows = self._sample_states(parameters, chain, temperature, normal, uniform[:, 1:])
        return rows, uncertainty

    def _sample_states(
        self,
        parameters: np.ndarray,
        chain: np.ndarray,
        temperature: float,
        normal: np.ndarray,
        uniform: np.ndarray,
    ) -> np.ndarray:
        """Draw heart rate, then mood given heart rate; each slot may have its own chain."""
        layout = self.state_layout
        rows = np.zeros((len(parameters), schema.FEATURE_COUNT), dtype=np.float32)
        heart = schema.continuous(schema.HEART_RATE)
        part = layout.parameters[schema.HEART_RATE]
        value = heads.sample_mixture(
            parameters[:, part], layout.components, temperature, normal[:, 0], uniform[:, 0]
        )
        rate = np.clip(value * heart.scale + heart.centre, heart.low, heart.high)
        rows[:, schema.HEART_RATE] = rate
        scaled = ((rate - heart.centre) / heart.scale).astype(np.float32)
        moods = layout.parameters[schema.MOOD]
        known = layout.encoded_width  # the first mask input: heart rate is known
        logits = (
            parameters[:, moods] + scaled[:, None] * chain[..., 0, moods] + chain[..., known, moods]
        )
        rows[:, schema.MOOD] = heads.sample_category(logits, temperature, uniform[:, 1])
        return rows

    def _disagreement(self, members: np.ndarray) -> np.ndarray:
        """Return the ensemble's disagreement, float32 (slots,).

        The mean of two standard deviations over the members: that of the expected heart
        rate (in scales) and that of the mood probabilities (averaged over the moods).
        """
        layout = self.state_layout
        part = layout.parameters[schema.HEART_RATE]
        logits, means, _ = heads.mixture_columns(part, layout.components)
        if layout.components == 1:
            centre = members[..., means.start]
        else:
            shares = _softmax(members[..., logits])
            centre = (shares * members[..., means]).sum(axis=-1)
        moods = _softmax(members[..., layout.parameters[schema.MOOD]])
        return 0.5 * (centre.std(axis=0) + moods.std(axis=0).mean(axis=-1))

    def transition_inputs(
        self,
        row_before: np.ndarray,
        known_before: np.ndarray,
        row: np.ndarray,
        remembered: np.ndarray,
        weekday: np.ndarray,
        weather: np.ndarray,
    ) -> np.ndarray:
        """Return the transition net's inputs with today's actions fully known."""
        known = np.ones((len(row), schema.FEATURE_COUNT), dtype=bool)
        return inputs.transition_inputs(
            row_before, known_before, row, known, remembered, weekday, weather
        )


def _softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)
