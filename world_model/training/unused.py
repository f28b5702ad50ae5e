"""Settings of a training that others leave without effect, and why."""

from __future__ import annotations

from collections.abc import Iterator

from human_wm_env.model.architecture import FILM, RESPONSE, Architecture
from world_model.training.config import ENCODER, LIKELIHOOD, PERSONAL, PREDECESSOR, TrainingConfig

_OF_NETS = ("members", "transition_hidden", "state_components")
_OF_RESPONSE = ("response_rate_channels", "response_mood_channels", "response_taus")
_OF_PERSONAL = (
    *("nets", "moments", "encoder", "rollouts", "window_days", "validation_days"),
    *("posterior_rate", "baseline_epochs", "empty_blocks", "dreamt_people"),
    "distillation_weight",
)
_OF_LIKELIHOOD = ("beta", "free_bits", "annealing_epochs", "decoder_loss", "decoder_weight")
_OF_ROLLOUTS = ("every", "people", "draws", "days")


def unused_settings(architecture: Architecture, training: TrainingConfig) -> dict[str, str]:
    """Return names below `model` and `training` that change nothing, each with the remedy."""
    return dict([*_of_transition(architecture, training), *_of_stages(training)])


def _of_transition(
    architecture: Architecture, training: TrainingConfig
) -> Iterator[tuple[str, str]]:
    settings: tuple[str, ...]
    if architecture.has_response:
        sizes, other = _OF_NETS, FILM
        settings = ("member_share", "baseline_epochs")
    else:
        sizes, other = _OF_RESPONSE, RESPONSE
        settings = ("response",)
    why = f"It counts with model.transition={other}, and here it is {architecture.transition}."
    yield from ((f"training.{name}", why) for name in settings)
    if training.start is None:  # otherwise all sizes have to be those of the start
        yield from ((f"model.{name}", why) for name in sizes)


def _of_stages(training: TrainingConfig) -> Iterator[tuple[str, str]]:
    if training.is_joint:
        why = f"It counts with training.posteriors={PERSONAL}; here all nets are trained jointly."
        yield from ((f"training.{name}", why) for name in _OF_PERSONAL)
    else:
        why = f"It counts with training.posteriors={ENCODER}; here nets are trained in stages."
        yield "training.joint", why
        if training.rollouts.weight == 0.0:
            why = "Set training.rollouts.weight, too: at 0 nothing is imagined."
            yield from ((f"training.rollouts.{name}", why) for name in _OF_ROLLOUTS)
    if training.loss == PREDECESSOR:
        why = f"It counts with training.loss={LIKELIHOOD}: the predecessor's has no weights."
        yield from ((f"training.{name}", why) for name in _OF_LIKELIHOOD)
    else:
        yield "training.point_distance", f"It counts with training.loss={PREDECESSOR}."
        if training.decoder_weight == 0.0:
            why = "Raise training.decoder_weight, too: at 0 the decoder learns nothing."
            yield from ((f"training.{name}", why) for name in ("decoder_loss", "decoder_days"))
