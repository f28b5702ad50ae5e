"""The dream of an environment: its learned model as a World."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from gymnasium import spaces

from human_wm_env.errors import CheckpointError, ConfigError, did_you_mean
from human_wm_env.random_streams import FOR_NOISE, Stream, generators
from human_wm_env.settings import finite_number, one_of, whole_number
from human_wm_env.vector_dream.checkpoint import VectorCheckpoint, as_checkpoint
from human_wm_env.vector_dream.nets import CLIP, LATENT_BOUND, Mixture, VectorNets
from human_wm_env.worlds.world import Options, Transition, World

LATENT, DECODED = "latent", "decoded"
# Steps whose noise is drawn at a time: most episodes are shorter than their time limit.
NOISE_STEPS = 32
OPTION = "observation"


@dataclass(frozen=True)
class VectorDreamState:
    """Where each slot's dream stands, batch-first.

    Attributes:
        z: float32 (slots, latent).
        h: float32 (slots, memory).
        step: int (slots,), steps so far.
        stream: int (slots, 3), key of the slot's noise.
        normals: float32 (slots, NOISE_STEPS, latent).
        uniforms: float32 (slots, NOISE_STEPS, latent + 2).
    """

    z: np.ndarray
    h: np.ndarray
    step: np.ndarray
    stream: np.ndarray
    normals: np.ndarray
    uniforms: np.ndarray


class VectorDreamWorld(World[VectorDreamState, np.ndarray]):
    """What M imagines of an environment, from the first observations that were collected.

    Each step one member of the ensemble, drawn anew, says what comes: the next z out of its
    mixture of Gaussians, and the reward and whether the episode ends, given both z. The noise of
    the mixture grows with the square root of the temperature, and its weights flatten; 0 takes
    the most likely Gaussian's mean. `uncertainty` is the standard deviation of the members'
    expected next z, in typical steps, averaged over its entries. Latents are kept within
    +-10, rewards within those collected.

    With `halting` a dream also ends, as if the environment had ended it, where the uncertainty is
    larger than so many times the one that 1 in 100 real steps reaches: a controller earns nothing
    where nobody was. That is pessimistic where rewards are positive; where they are negative an
    end is a gain, and `pessimism` of the Env serves instead.

    A start is an observation; `reset(options={"observation": vector})` brings one.

    Args:
        world_model: checkpoint folder that `humanwm vmc` wrote, or the checkpoint.
        view: what a controller sees: "latent", [z, h]; or "decoded", the observation that V
            makes of z, in the environment's units.
        temperature: >= 0, of the noise.
        horizon: time limit; None is the environment's own.
        members: how many of the ensemble are used; None is all.
        uncertainty: tell it; without, a step asks one member only and is several times as fast.
        halting: see above, > 0; None ends no dream.

    Raises:
        CheckpointError: no checkpoint of a vector world model; with `halting`, one that was written
            without the uncertainty of real steps.
        ConfigError: a setting out of range.

    Source: Ha & Schmidhuber 2018, "World models"; the ensemble is that of Chua et al. 2018;
        halting that of Kidambi et al. 2020, "MOReL".
    """

    component_names = ("reward",)
    default_weights: Mapping[str, float] = {"reward": 1.0}

    def __init__(
        self,
        world_model: str | Path | VectorCheckpoint,
        *,
        view: str = LATENT,
        temperature: float = 1.0,
        horizon: int | None = None,
        members: int | None = None,
        uncertainty: bool = True,
        halting: float | None = None,
    ) -> None:
        self.checkpoint = as_checkpoint(world_model)
        self.task, size = self.checkpoint.task, self.checkpoint.architecture
        self.view = one_of(view, (LATENT, DECODED), "a view")
        self.temperature = finite_number(temperature, "temperature")
        self.horizon = whole_number(self.task.horizon if horizon is None else horizon, "horizon")
        count = whole_number(size.members if members is None else members, "members")
        if self.temperature < 0.0 or self.horizon < 1 or not 1 <= count <= size.members:
            raise ConfigError(
                f"temperature >= 0, horizon >= 1 and 1 <= members <= {size.members}",
                f"{self.temperature}, {self.horizon} and {count}",
                "Correct the setting that is out of range.",
            )
        self.nets = VectorNets(self.checkpoint, count)
        self.uncertainty = uncertainty
        self._largest = None if halting is None else self._largest_uncertainty(halting)
        self.step_info = {"uncertainty": ()} if uncertainty else {}
        self.action_space = self.task.action.space
        if self.view == LATENT:
            bound = np.repeat([LATENT_BOUND, 1.0], [size.latent, size.memory])
            bound = bound.astype(np.float32)
            self.observation_space = spaces.Box(-bound, bound, dtype=np.float32)
            ends = (size.latent, size.features)
            self.observation_parts = {"z": slice(0, ends[0]), "h": slice(*ends)}
        else:
            mean, scale = (self.checkpoint.weights[f"normaliser.{n}"] for n in ("mean", "scale"))
            reach = 1.001 * CLIP * scale  # rounding
            self.observation_space = spaces.Box(mean - reach, mean + reach, dtype=np.float32)
            self.observation_parts = {"observation": slice(0, size.observation)}

    def _largest_uncertainty(self, halting: float) -> float:
        if finite_number(halting, "halting") <= 0.0 or not self.uncertainty:
            raise ConfigError(
                "halting > 0 with uncertainty=True",
                f"halting={halting}, uncertainty={self.uncertainty}",
                "Leave halting out, or correct the two.",
            )
        try:
            return halting * float(self.checkpoint.manifest["uncertainty"]["p99"])
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                "the uncertainty of real steps in the checkpoint, which halting counts in",
                "none",
                "Train it again, or leave halting out.",
            ) from error

    def draw_start(self, rng: np.random.Generator) -> np.ndarray:
        """Draw one of the collected first observations."""
        return np.asarray(self.checkpoint.starts[rng.integers(len(self.checkpoint.starts))])

    def start_from(
        self, options: Sequence[Options], drawn: Sequence[np.ndarray]
    ) -> list[np.ndarray]:
        """Begin with the caller's observation where there is one."""
        starts = []
        for one, start in zip(options, drawn, strict=True):
            for name in one:
                if name not in (OPTION, "branch"):
                    raise ConfigError(
                        "reset options of a dream", repr(name), did_you_mean(name, [OPTION])
                    )
            given = np.asarray(one.get(OPTION, start), dtype=np.float32)
            if given.shape != start.shape or not np.isfinite(given).all():
                raise ConfigError(
                    f"a finite observation of {self.task.env_id}, shape {start.shape}",
                    f"shape {given.shape}",
                    "Take one from that environment.",
                )
            starts.append(given)
        return starts

    def reset(
        self, starts: Sequence[np.ndarray], streams: Sequence[Stream]
    ) -> tuple[VectorDreamState, np.ndarray]:
        """Begin dreams at what V makes of the starts, with an empty memory."""
        size, slots = self.checkpoint.architecture, len(starts)
        state = VectorDreamState(
            z=self.nets.latents(np.stack(starts)),
            h=np.zeros((slots, size.memory), dtype=np.float32),
            step=np.zeros(slots, dtype=np.int64),
            stream=np.array([stream.noise for stream in streams], dtype=np.int64),
            normals=np.empty((slots, NOISE_STEPS, size.latent), dtype=np.float32),
            uniforms=np.empty((slots, NOISE_STEPS, size.latent + 2), dtype=np.float32),
        )
        return state, self._observe(state)

    def step(self, state: VectorDreamState, actions: np.ndarray) -> Transition[VectorDreamState]:
        """Imagine one step of every slot."""
        return self.imagine(state, self.task.action.encode(actions))

    def imagine(self, state: VectorDreamState, actions: np.ndarray) -> Transition[VectorDreamState]:
        """Imagine one step of every slot, given encoded actions, float32 (slots, width)."""
        place = state.step % NOISE_STEPS
        if len(used_up := np.flatnonzero(place == 0)):
            state = draw_noise_block(state, used_up)
        slots = np.arange(len(actions))
        normals, uniforms = state.normals[slots, place], state.uniforms[slots, place]
        z, h, a = state.z, state.h, actions
        member = (uniforms[:, -1] * self.nets.members).astype(np.int64)
        extras: dict[str, np.ndarray] = {}
        if self.uncertainty:
            of_all = self.nets.next_latents(z, a, h)
            mixture = of_all.of(member)
            extras["uncertainty"] = self.nets.disagreement(of_all)
        else:
            mixture = self.nets.next_latents(z, a, h, member)
        after = self._sample(mixture, normals, uniforms[:, :-2])
        rewards, ends = self.nets.outcomes(z, a, after, h, member)
        if not self.checkpoint.terminates:
            terminated = np.zeros(len(slots), dtype=bool)
        elif self.temperature == 0.0:
            terminated = ends > 0.5
        else:
            terminated = uniforms[:, -2] < ends
        if self._largest is not None:
            terminated |= extras["uncertainty"] > self._largest
        following = replace(state, z=after, h=self.nets.remember(h, z, a), step=state.step + 1)
        components = rewards[:, None].astype(np.float32)
        return Transition(following, self._observe(following), components, terminated, extras)

    def _sample(self, mixture: Mixture, normals: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """Draw the next z, (slots, latent), of one mixture each."""
        if self.temperature == 0.0:
            chosen = mixture.logits.argmax(axis=-1)[..., None]
        else:
            logits = mixture.logits / self.temperature
            shares = np.exp(logits - logits.max(axis=-1, keepdims=True)).cumsum(axis=-1)
            reached = uniforms[..., None] * shares[..., -1:]
            chosen = (reached >= shares[..., :-1]).sum(axis=-1, keepdims=True)
        centre = np.take_along_axis(mixture.mean, chosen, axis=-1)[..., 0]
        apart = np.take_along_axis(mixture.scale, chosen, axis=-1)[..., 0] * normals
        after = centre + np.float32(np.sqrt(self.temperature)) * apart
        return np.clip(after, -LATENT_BOUND, LATENT_BOUND)

    def reseed(self, state: VectorDreamState, streams: Sequence[Stream]) -> VectorDreamState:
        """Return the state with the noise of the steps to come drawn anew."""
        stream = np.array([stream.noise for stream in streams], dtype=np.int64)
        return draw_noise_block(replace(state, stream=stream), np.arange(len(stream)))

    def _observe(self, state: VectorDreamState) -> np.ndarray:
        if self.view == LATENT:
            return np.concatenate([state.z, state.h], axis=1, dtype=np.float32)
        return self.nets.decode(state.z).astype(np.float32)


def draw_noise_block(state: VectorDreamState, slots: np.ndarray) -> VectorDreamState:
    """Return the state with the block of noise that some slots are in, drawn from their streams.

    Args:
        state: before a step.
        slots: int (k,), whose noise is used up.
    """
    # Copies: whoever kept an earlier state may go on from there.
    normals, uniforms = state.normals.copy(), state.uniforms.copy()
    blocks = state.step[slots] // NOISE_STEPS
    for block in np.unique(blocks).tolist():
        own = slots[blocks == block]
        keys = [(first, slot, episode) for first, slot, episode in state.stream[own].tolist()]
        # Uses 0, 1 and 2 of a stream are taken: this one goes on in threes.
        for slot, rng in zip(own, generators(keys, FOR_NOISE + 3 * block), strict=True):
            rng.standard_normal(dtype=np.float32, out=normals[slot])
            rng.random(dtype=np.float32, out=uniforms[slot])
    return replace(state, normals=normals, uniforms=uniforms)
