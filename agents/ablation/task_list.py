"""The worlds of the ablation, by the name of their id, and how long the agent learns there."""

from __future__ import annotations

from agents.ablation.tasks import Task
from agents.transformer.settings import CurriculumConfig

# Success at the last level is at most .42 of the decisions, and .07 by chance.
DOORS = CurriculumConfig(
    [{"open_doors": 4}, {"open_doors": 2}, {"open_doors": 1}], advance=0.5, fall_back=0.05
)

# A gradient step on a quarter of the episodes costs a quarter of one on all, and teaches as much.
QUARTERS = {"n_epochs": 1, "n_minibatches": 4}

TASKS: dict[str, Task] = {
    "HiddenRule": Task(
        *("HiddenRule-v0", 1000),
        # Without a discount what is tried for its own sake is what may succeed, too. At twice this
        # rate one of two heads had not learned to use the past in 2,000 steps on random episodes.
        settings={"gamma": 0.0, "learning_rate": 5e-4, **QUARTERS},
        algorithm="transformer_ppo",
        arguments={"rules": "seen"},
        elsewhere={"unseen rules": {"rules": "unseen"}},
    ),
    "DelayedRecall": Task(
        *("DelayedRecall-v0", 1500),
        elsewhere={"delay 10": {"delay": 10}, "delay 20": {"delay": 20}},
    ),
    "Detour": Task(
        *("Detour-v0", 1000),
        # One pass over the episodes reached 85 to 93% in 1,200 updates, two reach 97% in 1,000.
        settings={"curriculum": DOORS, **QUARTERS, "n_epochs": 2},
        algorithm="transformer_ppo",
        elsewhere={"48 steps": {"horizon": 48}},
        planning_depth=2,
        true_depth=3,
    ),
    "PatternEcho": Task("PatternEcho-v0", 400),
    "Conditional": Task("Conditional-v0", 600, {"gamma": 0.0, "entropy_coef": 0.05}),
    "SequenceNext": Task("SequenceNext-v0", 800, seeded="sequence_seed"),
}
