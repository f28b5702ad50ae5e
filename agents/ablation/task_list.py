"""The worlds of the ablation, by the name of their id, and how long the agent learns there."""

from __future__ import annotations

from agents.ablation.tasks import Task
from agents.transformer.settings import CurriculumConfig

# Success at the last level is at most .42 of the decisions, and .07 by chance.
DOORS = CurriculumConfig(
    [{"open_doors": 4}, {"open_doors": 2}, {"open_doors": 1}], advance=0.5, fall_back=0.05
)

TASKS: dict[str, Task] = {
    "PatternEcho": Task("PatternEcho-v0", 1000, 400),
    "SequenceNext": Task("SequenceNext-v0", 1500, 600, seeded="sequence_seed"),
    "Conditional": Task("Conditional-v0", 2000, 800, {"gamma": 0.0, "entropy_coef": 0.05}),
    "DelayedRecall": Task(
        *("DelayedRecall-v0", 1500, 600),
        elsewhere={"delay 10": {"delay": 10}, "delay 20": {"delay": 20}},
    ),
    "HiddenRule": Task(
        *("HiddenRule-v0", 2000, 600),
        settings={"gamma": 0.0},  # what is tried for its own sake is what may succeed, too
        algorithm="transformer_ppo",
        arguments={"rules": "seen"},
        elsewhere={"unseen rules": {"rules": "unseen"}},
    ),
    "Detour": Task(
        *("Detour-v0", 1200, 700),
        settings={"curriculum": DOORS},
        algorithm="transformer_ppo",
        elsewhere={"48 steps": {"horizon": 48}},
        planning_depth=2,
        true_depth=3,
    ),
}
