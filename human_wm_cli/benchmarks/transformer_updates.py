"""Rows about the transformer in symbolic worlds: updates per second, each on 64 episodes."""

from __future__ import annotations

from agents.env_config import GymEnvConfig
from agents.training_session import Session
from agents.transformer.agent import CONFIGS
from agents.transformer.training import Trainer
from human_wm_cli.benchmarks.timer import Job, interleaved
from human_wm_cli.console import Row

# World and algorithm, as `humanwm train agent=ALGORITHM env.id=WORLD` trains them.
TRAINED = (
    ("PatternEcho-v0", "reinforce"),
    ("DelayedRecall-v0", "reinforce"),
    ("HiddenRule-v0", "transformer_ppo"),
    ("Detour-v0", "transformer_ppo"),
)


def update_job(env_id: str, algorithm: str, updates: int) -> Job:
    """Train for so many updates: episodes, losses, gradients, Adam."""
    trainer = Trainer(CONFIGS[algorithm](), GymEnvConfig(env_id), Session())

    def run() -> None:
        for _ in range(updates):
            trainer.train_once()

    return Job(run, updates)


def update_rows(updates: int, repeats: int) -> list[Row]:
    """Measure the updates per second of each training.

    Args:
        updates: of each run.
        repeats: of each run.
    """
    jobs = {f"{env}, {how}": update_job(env, how, updates) for env, how in TRAINED}
    seconds = interleaved(jobs, repeats)
    return [
        {"updates of the transformer": name, "updates/s": job.units / seconds[name]}
        for name, job in jobs.items()
    ]
