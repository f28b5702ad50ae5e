"""What the tags of the dashboards mean, and what their step counts."""

from __future__ import annotations

import re

_NETS = "Step: epochs done; 0 is before the first."
_DAYS = "Step: days simulated."
_STEPS = "Step: steps dreamed."
#: step of a stage, by the beginning of its name
STEPS = {
    "response": "Step: optimiser steps of the round.",
    "nets": _NETS,
    "moments": _NETS,
    "encoder": _NETS,
    "joint": _NETS,
    "predecessor": _NETS,
    "agent": _DAYS,
    "backprop": _DAYS,
    "vae": _NETS,
    "rnn": _NETS,
    "cma_es": _STEPS,
    "ppo": _STEPS,
    "sac": _STEPS,
}
#: the first pattern that is found in a tag describes it
MEANINGS = {
    r"^vae/.*/mean_square$": "Mean squared error of reconstructed observations, normalised.",
    r"^vae/.*/kl_nats$": "Nats that z holds of an observation, above the prior.",
    r"^rnn/.*/next_nats$": "Negative log likelihood of the next z, nats a step, mean of members.",
    r"^rnn/.*/reward_square$": "Mean squared error of rewards, in standard deviations.",
    r"^rnn/.*/end_nats$": "Negative log likelihood of whether an episode ends, nats a step.",
    r"^response/.*nats_per_person": "Negative log likelihood of the states of a validation person, "
    "up to a constant.",
    r"/objective$": "What the stage minimises; the best validation value is kept.",
    r"/policy_nats_per_day$": "Negative log likelihood of a day's actions.",
    r"/(state|heart_rate|mood|missing|transition).*nats": "Negative log likelihood of a day's "
    "states.",
    r"/kl_": "KL divergence of personal posteriors from the prior: near 0, the block is unused.",
    r"/rollout_energy_score$": "Energy score of imagined days against logged ones.",
    r"/distillation_nats$": "Negative log density of a person's own posterior under the encoder's.",
    r"/whole_log_nats$": "The same, of whole logs alone.",
    r"/negative_elbo_nats_per_day$": "Negative ELBO of a log under the encoder's posterior.",
    r"/decoder$": "Loss of the decoder that rebuilds a log.",
    r"/nets$": "Loss of the one-day nets.",
    r"^rollout/ep_rew_mean$": "Mean return of the last training episodes, pessimism subtracted.",
    r"^rollout/ep_len_mean$": "Mean length of the last training episodes, days.",
    r"^components/": "Mean of this part of the reward over the last training episodes, in [0, 1].",
    r"^cma_es/best_member$": "Highest mean return in the population.",
    r"^cma_es/sigma$": "Overall step size of CMA-ES.",
    r"^time/": "stable-baselines3's clock.",
    r"^train/gradient_norm$": "Length of the gradient of the dream's return, before it is cut.",
    r"^train/loss$": "Squared error of amounts and cross-entropy of picks, beside the planner's.",
    r"^train/explained_variance$": "Share of the return's variance that the value net explains.",
    r"^train/approx_kl$": "Change of the policy in one update, approximate KL divergence.",
    r"^train/clip_fraction$": "Share of actions whose probability ratio was clipped.",
    r"^train/entropy_loss$": "Minus the policy's entropy.",
    r"^train/": "As stable-baselines3 logs it.",
    r"^measured/return$": "Mean return of whole episodes of validation people, acting without "
    "noise: the same people, days and noise each time, in the dream and in the simulator. "
    "The dream above the simulator: the agent earns what the dream promises, not what people do.",
    r"^measured/over_habit$": "The same, less the return of the people's own habit.",
    r"^measured/components/": "Mean of this part of the reward in these episodes, in [0, 1].",
    r"^advice/": "Mean executed amount of each of these episodes.",
    r"^return/": "Returns of the episodes that an agent was judged on.",
}


def description(stage: str, tag: str) -> str:
    """Return what a tag means, and what its step is, as Markdown."""
    meaning = next((text for pattern, text in MEANINGS.items() if re.search(pattern, tag)), "")
    step = next((text for start, text in STEPS.items() if stage.startswith(start)), "")
    return " ".join(part for part in (meaning, step) if part)
