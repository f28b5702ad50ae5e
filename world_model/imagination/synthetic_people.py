"""People that the model imagined, for its encoder to be trained on.

A few hundred real people are too few to learn posteriors from 1500 moments: the encoder
becomes sure of itself about histories of two weeks (its held-out negative log likelihood is
above the prior's). Synthetic people cost nothing, and their latents are known exactly (the
sleep phase of wake-sleep, Hinton et al. 1995). Real people keep the encoder honest about the
model.
"""

from __future__ import annotations

import mlx.core as mx
import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.model import memory
from human_wm_env.model.architecture import Architecture
from human_wm_env.person import schema
from human_wm_env.runtime.dream_step import UNIFORMS
from human_wm_env.runtime.encoder import Posterior, response_latents, with_response
from world_model.data.distillation_data import DistillationData
from world_model.data.encoded_logs import prepare_logs
from world_model.data.personal_responses import PersonalResponses
from world_model.imagination.response_step import CarriedDays
from world_model.imagination.rollout import RolloutStart, imagine, normals_of
from world_model.nets.missingness import lose_cells
from world_model.nets.world_model import WorldModel

# log variance of a target that is known exactly
EXACT_LOG_VARIANCE = -18.0


def crossed_latents(
    posterior: Posterior,
    people: int,
    architecture: Architecture,
    rng: np.random.Generator,
    responses: PersonalResponses | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draw latents of new people: each block from another real person's posterior.

    Args:
        posterior: of real people; where states follow a response, of z_b alone.
        people: how many to draw.
        architecture: whose blocks they are.
        rng: source of noise.
        responses: of the same real people; only who is drawn is inferred.

    Returns:
        float32 (people, latents), and int (people,), whose posterior each block is from.
    """
    latents, whose = np.empty((people, architecture.latent_width), dtype=np.float32), {}
    for block, part in architecture.blocks.items():
        whose[block] = own = rng.integers(len(posterior.mean), size=people)
        noise = rng.standard_normal((people, part.stop - part.start), dtype=np.float32)
        known, columns = posterior, part
        if block in architecture.net_blocks:
            columns = architecture.net_blocks[block]
        elif responses is not None:
            drawn, own = np.unique(own, return_inverse=True)
            known = with_response(posterior[drawn], responses.after(drawn))
        latents[:, part] = known.mean[own, columns] + known.sd[own, columns] * noise
    return latents, whose


def imagine_logs(
    model: WorldModel,
    latents: np.ndarray,
    observed: np.ndarray,
    weekday: np.ndarray,
    days_logged: np.ndarray,
    weather_transitions: np.ndarray,
    rng: np.random.Generator,
    carried: CarriedDays | None = None,
) -> LogDataset:
    """Imagine whole logs from their first day, and mask them like real ones.

    Args:
        model: trained nets.
        latents: float32 (people, latents).
        observed: bool (people, days, 10), masks of real logs; the synthetic ones lose cells as
            often, and more on bad days.
        weekday: int (people,), of the first day, -1 if unknown.
        days_logged: int (people,), days of each real log.
        weather_transitions: float32 (4, 4).
        rng: source of noise.
        carried: what a response keeps at the beginning; None where states follow nets.
    """
    people, days, _ = observed.shape
    nothing = np.zeros((people, schema.FEATURE_COUNT), dtype=np.float32)
    start = RolloutStart.from_rows(nothing, nothing > 0.0, memory.empty(people), weekday, carried)
    shape = (people, days)
    imagined = imagine(
        model,
        mx.array(latents),
        start,
        weather_transitions,
        mx.array(rng.standard_normal((*shape, normals_of(model)), dtype=np.float32)),
        mx.array(rng.random((*shape, UNIFORMS), dtype=np.float32)),
    )
    rows = np.array(imagined)
    mood = rows[..., schema.MOOD].astype(int)
    masks = lose_cells(observed, days_logged, mood, model.missingness.odds, rng)
    return LogDataset.from_arrays(
        rows,
        masks,
        start_weekday=weekday,
        days_logged=days_logged,
        name="synthetic people",
    )


def imagine_people(
    model: WorldModel,
    dataset: LogDataset,
    real: DistillationData,
    weather_transitions: np.ndarray,
    *,
    people: int,
    seed: int,
    responses: PersonalResponses | None = None,
) -> DistillationData:
    """Imagine people with the masks of real ones.

    Args:
        model: trained nets.
        dataset: the real logs.
        real: the training people.
        weather_transitions: float32 (4, 4).
        people: how many to imagine.
        seed: of latents, masks and noise.
        responses: of the training people, if states follow one. Who has somebody's habits has
            their usual days, too: a response is to what is unusual.
    """
    architecture = model.architecture
    rng = np.random.default_rng(np.random.SeedSequence([seed, 23]))
    latents, habits_of = crossed_latents(real.posterior, people, architecture, rng, responses)
    whose = real.logs.users[rng.integers(real.logs.people, size=people)]
    carried = None
    if responses is not None:
        drawn, habits = np.unique(habits_of["b"], return_inverse=True)
        known = responses.after(drawn)
        usual = known.carried.usual[habits]
        person = response_latents(latents, known.mean.shape[1])
        carried = CarriedDays.of(responses.parameters, responses.from_prior(usual), person)
    synthetic = imagine_logs(
        model,
        latents,
        dataset.cells(whose)[1],
        dataset.start_weekday[whose].astype(int),
        dataset.days_logged[whose],
        weather_transitions,
        rng,
        carried,
    )
    use_memory = architecture.memory
    logs = prepare_logs(synthetic, np.arange(people), use_memory=use_memory)
    inferred = latents[:, architecture.blocks["b"]] if architecture.has_response else latents
    exact = Posterior(inferred, np.full_like(inferred, EXACT_LOG_VARIANCE))
    return DistillationData(logs, exact, real.mean, real.sd)
