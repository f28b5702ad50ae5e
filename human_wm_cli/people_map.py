"""Who people are to a world model, beside what is known of them: a map for the projector."""

from __future__ import annotations

import numpy as np

from human_wm_cli.dashboard import Dashboard
from human_wm_env import EmbeddedPeople, LogDataset, load_world_model
from human_wm_env.people.traits import TRAITS
from human_wm_env.person import schema

MOST_PEOPLE = 300


def show_people(
    dashboard: Dashboard, world_model: str, dataset: LogDataset, truth: EmbeddedPeople | None
) -> None:
    """Show the posterior means of people's latents, with traits or statistics of each.

    Args:
        dashboard: of the run.
        world_model: folder of a checkpoint.
        dataset: the logs.
        truth: the embedded people behind them, None where it is unknown.
    """
    runtime = load_world_model(world_model)
    logged = np.flatnonzero(dataset.days_logged > 0)
    users = logged[np.linspace(0, len(logged) - 1, min(MOST_PEOPLE, len(logged))).astype(int)]
    posterior = runtime.encode(dataset.histories(users, dataset.days_logged[users]))[0]
    blocks = runtime.architecture.blocks
    dashboard.people(
        {f"z_{name}": posterior.mean[:, part] for name, part in blocks.items()},
        [_facts(dataset, user, truth) for user in users.tolist()],
    )


def _facts(dataset: LogDataset, user: int, truth: EmbeddedPeople | None) -> dict[str, str | float]:
    facts: dict[str, str | float] = {
        "person": dataset.user_ids[user],
        "split": dataset.split_of[user],
        "days logged": int(dataset.days_logged[user]),
    }
    if truth is not None:
        traits = truth.people.traits[user]
        return facts | {each.name: float(v) for each, v in zip(TRAITS, traits, strict=True)}
    for index, feature in enumerate(schema.FEATURES):
        seen = dataset.observed[user, :, index]
        values = dataset.rows[user, seen, index]
        if not isinstance(feature, schema.Continuous):
            counts = np.bincount(values.astype(int), minlength=feature.width)
            most = feature.categories[int(counts.argmax())] if len(values) else "unknown"
            facts[f"most frequent {feature.name}"] = most
        else:
            facts[f"mean {feature.name}"] = float(values.mean()) if len(values) else "unknown"
    return facts
