"""The worlds of the ablation, by the name of their id, and how long the agent learns there."""

from __future__ import annotations

from agents.ablation.tasks import Task

TASKS: dict[str, Task] = {
    "PatternEcho": Task("PatternEcho-v0", 1000, 400),
    "SequenceNext": Task("SequenceNext-v0", 1500, 600, seeded="sequence_seed"),
    "Conditional": Task("Conditional-v0", 2000, 800, {"gamma": 0.0, "entropy_coef": 0.05}),
    "DelayedRecall": Task(
        *("DelayedRecall-v0", 1500, 600),
        elsewhere={"delay 10": {"delay": 10}, "delay 20": {"delay": 20}},
    ),
    "HiddenRule": Task(
        *("HiddenRule-v0", 2500, 600),
        settings={"gamma": 0.0},  # what is tried for its own sake is what may succeed, too
        algorithm="transformer_ppo",
        arguments={"rules": "seen"},
        elsewhere={"unseen rules": {"rules": "unseen"}},
    ),
    "Detour": Task(
        *("Detour-v0", 2500, 600),
        algorithm="transformer_ppo",
        elsewhere={"48 steps": {"horizon": 48}},
        planning_depth=2,
        true_depth=3,
    ),
}
