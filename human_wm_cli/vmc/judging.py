"""The verdict of a run: figures of V and M, both worlds compared, and what verdict=full adds."""

from __future__ import annotations

from pathlib import Path

from agents.evaluation.model_exploits import NEARLY_NO_NOISE
from agents.protocol import Agent
from agents.vector_tasks.controllers import RANDOM, controllers_of_all_qualities
from agents.vector_tasks.paired import PairedRuns, play_dream, play_paired, play_real
from agents.vector_tasks.verdict import judge, numbers
from human_wm_cli.console import Facts, bar_of
from human_wm_cli.run import CHECKPOINT, ROUNDS
from human_wm_cli.vmc.config import CMA_ES, VMCConfig
from human_wm_cli.vmc.stages import Round, Stages
from world_model.vector.scores import judge_m, judge_v
from world_model.vector.train import Splits
from world_model.vector.untrained import write_untrained

TEMPERATURES = (0.5, 0.75, 1.0, 1.25, 1.5)
JUDGED = 10_000  # added to the seed: no episode of the verdict was collected


def judge_model(last: Round, config: VMCConfig) -> tuple[Facts, Facts]:
    """Return the figures of V and of M on episodes that they have not learned from."""
    splits = Splits.of(last.log, config.seed)
    return judge_v(last.checkpoint, splits), judge_m(last.checkpoint, splits, seed=config.seed)


def compare(last: Round, config: VMCConfig) -> tuple[Facts, PairedRuns]:
    """Play controllers of all qualities in both worlds, and judge what comes out."""
    agents = controllers_of_all_qualities(last.agents, last.checkpoint, config.seed)
    with bar_of(len(agents), "dream and reality", "controller") as progress:
        runs = play_paired(
            agents, last.checkpoint, config.episodes, seed=config.seed + JUDGED, progress=progress
        )
    return judge(runs, list(last.agents)), runs


def full(stages: Stages, last: Round, config: VMCConfig, runs: PairedRuns, root: Path) -> Facts:
    """Return the table of temperatures, the exploit search, and the ablation of M.

    CMA-ES trains in every one of these dreams; `dream` is the return in the dream that it was
    trained in, `real` that in the real environment.
    """
    folder = root / ROUNDS / "full"
    chance = float(runs.real[RANDOM].returns.mean())

    def judged(agent: Agent, temperature: float, checkpoint: Round) -> Facts:
        real, log = play_real(
            agent, checkpoint.checkpoint, config.episodes, seed=config.seed + JUDGED
        )
        dream = play_dream(
            agent,
            checkpoint.checkpoint,
            log.first_observations(),
            seed=config.seed + JUDGED,
            arguments={"temperature": temperature},
        )
        return {"dream": numbers(dream), "real": numbers(real)}

    by_temperature = {}
    for temperature in (NEARLY_NO_NOISE, *TEMPERATURES):
        label = f"cma_es_temperature_{temperature:g}"
        agent = stages.controller(CMA_ES, last.folder, folder, label=label, temperature=temperature)
        by_temperature[temperature] = judged(agent, temperature, last)
    exploit = by_temperature.pop(NEARLY_NO_NOISE)
    model = folder / CHECKPOINT
    untrained = write_untrained(model, last.checkpoint, config.seed)
    agent = stages.controller(CMA_ES, model, folder, label="cma_es_untrained")
    blank = Round(last.log, last.collected, model, untrained, {})
    gain = exploit["real"]["return"]["mean"] - chance
    return {
        "temperatures": [{"temperature": t, **found} for t, found in by_temperature.items()],
        "exploit_search": {
            "temperature": NEARLY_NO_NOISE,
            **exploit,
            "real_gain_over_chance": gain,
            "loses_in_reality": gain < 0.0,
        },
        "untrained_m": judged(agent, config.temperature, blank),
    }
