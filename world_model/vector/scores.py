"""How well V and M hold on episodes that they have not learned from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from human_wm_env.vector_dream.checkpoint import VectorCheckpoint
from human_wm_env.vector_dream.nets import VectorNets
from human_wm_env.vector_dream.world import NOISE_STEPS, VectorDreamState, VectorDreamWorld
from world_model.card.intervals import mean_interval
from world_model.card.proper_scores import energy
from world_model.vector.linear_model import LinearModel, NoChange
from world_model.vector.nets import principal_axes
from world_model.vector.train import Splits
from world_model.vector.windows import EncodedEpisode, encode_log, remembered

ACTIVE_NATS = 0.01
DRAWS, AHEAD = 100, 10
Facts = dict[str, Any]


def judge_v(checkpoint: VectorCheckpoint, splits: Splits) -> Facts:
    """Return the variance that V explains of held-out observations, beside PCA of its size.

    Of entries that vary, normalised and clipped; squares are summed over them. V reconstructs
    from the posterior mean.

    Returns:
        `variance_explained`, `pca`, `per_entry` and `pca_per_entry` (None where nothing varies in
        the test episodes), `active_units` (latents whose KL is more than 0.01 nats) and `kl_nats`.
    """
    nets = VectorNets(checkpoint)
    seen, held_out = (nets.normalise(part.observations()) for part in (splits.train, splits.test))
    mean, log_variance = nets.encode(splits.test.observations())
    axes, _ = principal_axes(seen, checkpoint.architecture.latent)
    centre = seen.mean(axis=0)
    by_pca = (held_out - centre) @ axes.T @ axes + centre
    missed, missed_by_pca = ((held_out - made) ** 2 for made in (nets.reconstruct(mean), by_pca))
    spread = (held_out - held_out.mean(axis=0)) ** 2
    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1.0 - log_variance).mean(axis=0)
    return {
        "variance_explained": float(1.0 - missed.sum() / spread.sum()),
        "pca": float(1.0 - missed_by_pca.sum() / spread.sum()),
        "per_entry": _per_entry(missed, spread),
        "pca_per_entry": _per_entry(missed_by_pca, spread),
        "active_units": int((kl > ACTIVE_NATS).sum()),
        "kl_nats": float(kl.sum()),
    }


def _per_entry(missed: np.ndarray, spread: np.ndarray) -> list[float | None]:
    sums = zip(missed.sum(axis=0), spread.sum(axis=0), strict=True)
    return [None if total == 0.0 else float(1.0 - left / total) for left, total in sums]


def judge_m(
    checkpoint: VectorCheckpoint, splits: Splits, *, starts: int = 200, seed: int = 0
) -> Facts:
    """Return how M foretells held-out episodes in z, beside two baselines.

    One step ahead by the log likelihood, ten by the energy score of 100 rollouts, in
    standard deviations of z. Intervals are over episodes.

    Args:
        checkpoint: V and M.
        splits: the baselines learn from `train`, all are judged on `test`.
        starts: most starts of rollouts.
        seed: of latents, starts and rollouts.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 53]))
    nets = VectorNets(checkpoint)
    seen, held_out = encode_log(nets, splits.train), encode_log(nets, splits.test)
    drawn = [each.draw(rng) for each in seen]
    actions = [each.actions for each in seen]
    rivals: dict[str, LinearModel | NoChange] = {
        "linear_gaussian": LinearModel.fit(drawn, actions),
        "no_change": NoChange.fit(drawn, AHEAD),
    }
    paths = [each.draw(rng) for each in held_out]
    memories = [remembered(nets, z, each) for z, each in zip(paths, held_out, strict=True)]
    owner = np.repeat(np.arange(len(paths)), [len(each) for each in held_out])
    ours = np.concatenate(
        [
            _log_density(nets, z, each, h)
            for z, each, h in zip(paths, held_out, memories, strict=True)
        ]
    )
    one_step: Facts = {"log_likelihood": float(ours.mean())}
    for name, rival in rivals.items():
        pairs = zip(paths, held_out, strict=True)
        theirs = np.concatenate([rival.log_density(z, each.actions) for z, each in pairs])
        one_step[f"over_{name}"] = asdict(mean_interval(ours - theirs, owner))
    return {
        "one_step": one_step,
        "ten_steps": _ten_steps(checkpoint, paths, held_out, memories, rivals, starts, rng),
        "outcomes": _outcomes(nets, paths, held_out, memories),
    }


def _log_density(
    nets: VectorNets, z: np.ndarray, episode: EncodedEpisode, h: np.ndarray
) -> np.ndarray:
    """Return the log density of each next z, float64 (steps,), of the members' mixture."""
    mixture = nets.next_latents(z[:-1], episode.actions, h)
    apart = (z[1:][None, :, :, None] - mixture.mean) / mixture.scale
    logits = mixture.logits
    peak = logits.max(axis=-1, keepdims=True)
    log_weights = logits - peak - np.log(np.exp(logits - peak).sum(axis=-1, keepdims=True))
    each = log_weights - np.log(mixture.scale) - 0.5 * apart**2 - 0.5 * np.log(2.0 * np.pi)
    by_member = np.logaddexp.reduce(each.astype(np.float64), axis=-1).sum(axis=-1)
    return np.asarray(np.logaddexp.reduce(by_member, axis=0) - np.log(nets.members))


def _ten_steps(
    checkpoint: VectorCheckpoint,
    paths: list[np.ndarray],
    episodes: list[EncodedEpisode],
    memories: list[np.ndarray],
    rivals: dict[str, LinearModel | NoChange],
    starts: int,
    rng: np.random.Generator,
) -> Facts | None:
    """Return energy scores; None where no held-out episode is long enough."""
    possible = [
        (index, step)
        for index, each in enumerate(episodes)
        for step in range(len(each) - AHEAD + 1)
    ]
    if not possible:
        return None
    chosen = rng.permutation(len(possible))[:starts]
    picked = [possible[place] for place in np.sort(chosen)]
    first = np.stack([paths[index][step] for index, step in picked])
    last = np.stack([paths[index][step + AHEAD] for index, step in picked])
    actions = np.stack([episodes[index].actions[step : step + AHEAD] for index, step in picked])
    h = np.stack([memories[index][step] for index, step in picked])
    owner = np.array([index for index, _ in picked])
    scale = np.concatenate(paths).std(axis=0) + 1e-6

    def scored(futures: np.ndarray) -> np.ndarray:
        pairs = zip(futures / scale, last / scale, strict=True)
        return np.array([energy(draws, truth) for draws, truth in pairs])

    ours = scored(dream_futures(checkpoint, first, h, actions, DRAWS, rng))
    found: Facts = {"energy_score": float(ours.mean()), "starts": len(picked)}
    for name, rival in rivals.items():
        theirs = scored(rival.futures(first, actions, DRAWS, rng))
        found[f"{name}_minus_ours"] = asdict(mean_interval(theirs - ours, owner))
    return found


def dream_futures(
    checkpoint: VectorCheckpoint,
    z: np.ndarray,
    h: np.ndarray,
    actions: np.ndarray,
    draws: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Dream the same actions many times over, whether an episode would have ended or not.

    Args:
        checkpoint: V and M.
        z: (starts, latent), where the dreams begin.
        h: (starts, memory), likewise.
        actions: (starts, steps, width), encoded.
        draws: dreams of each start.
        rng: of the noise.

    Returns:
        float32 (starts, draws, latent), after the last step.
    """
    world = VectorDreamWorld(checkpoint, uncertainty=False)
    slots, size = len(z) * draws, checkpoint.architecture
    steps = min(actions.shape[1], NOISE_STEPS - 1)
    assert steps == actions.shape[1], "longer dreams need noise of more than one block"
    uniforms = rng.random((slots, NOISE_STEPS, size.latent + 2), dtype=np.float32)
    state = VectorDreamState(
        z=np.repeat(z, draws, axis=0),
        h=np.repeat(h, draws, axis=0),
        step=np.ones(slots, dtype=np.int64),
        stream=np.zeros((slots, 3), dtype=np.int64),
        normals=rng.standard_normal((slots, NOISE_STEPS, size.latent), dtype=np.float32),
        uniforms=uniforms,
    )
    for step in range(steps):
        state = world.imagine(state, np.repeat(actions[:, step], draws, axis=0)).state
    return state.z.reshape(len(z), draws, -1)


def _outcomes(
    nets: VectorNets,
    paths: list[np.ndarray],
    episodes: list[EncodedEpisode],
    memories: list[np.ndarray],
) -> Facts:
    """Return how rewards and ends are foretold, one step ahead."""
    told = [
        nets.outcomes(z[:-1], each.actions, z[1:], h)
        for z, each, h in zip(paths, episodes, memories, strict=True)
    ]
    rewards = np.concatenate([each.rewards for each in episodes])
    expected = np.concatenate([reward.mean(axis=0) for reward, _ in told])
    ends = np.concatenate([end.mean(axis=0) for _, end in told])
    ended = np.concatenate([each.terminated for each in episodes])
    spread = float(((rewards - rewards.mean()) ** 2).sum())
    missed = float(((rewards - expected) ** 2).sum())
    return {
        "reward_r2": None if spread == 0.0 else 1.0 - missed / spread,
        "ends_foretold": float(ends.sum()),
        "ends_seen": int(ended.sum()),
    }
