"""V, M and C of any environment: learn to dream it, train in the dream, judge in reality."""

from __future__ import annotations

import time
from collections.abc import Sequence

from human_wm_cli.console import Facts, is_switched_on, print_report, run_script, say
from human_wm_cli.run import CARD, RunFolder
from human_wm_cli.vmc import judging, pictures
from human_wm_cli.vmc.card import card, controller_rows
from human_wm_cli.vmc.config import FULL, VMCConfig, seeded
from human_wm_cli.vmc.stages import Round, Stages
from human_wm_env.files.writing import write_whole
from human_wm_env.vector_dream.task import Task
from world_model.vector.train import Splits


def main(config: VMCConfig) -> None:
    """Collect in any environment, learn V and M, train controllers in the dream, judge in reality.

    humanwm vmc env.id=Pendulum-v1 rounds=2. Leaves runs/<name>/ with rounds/N/episodes, checkpoint
    and agent, card.txt, metrics.json, pictures and TensorBoard; smoke=true takes under a minute.
    Source: Ha & Schmidhuber 2018, "World models".
    """
    began = time.monotonic()
    config = seeded(config)
    with RunFolder("vmc", config, config.run) as run:
        task = Task.of(config.env.id, config.env.kwargs)
        stages, last = Stages(config, run, task), None
        history: list[Facts] = []
        for number in range(1, config.rounds + 1):
            last = stages.round(number, last)
            history.append(_of_round(last))
        assert last is not None
        of_v, of_m = judging.judge_model(last, config)
        judged, runs = judging.compare(last, config)
        extra = (
            judging.full(stages, last, config, runs, run.path) if config.verdict == FULL else None
        )
        result: Facts = {
            "env": task.to_json(),
            "steps": last.log.steps,
            "episodes": len(last.log.episodes),
            "rounds": config.rounds,
            "history": history,
            "v": of_v,
            "m": of_m,
            "verdict": judged,
            "full": extra,
            "world_model": str(last.folder),
            "seconds": round(time.monotonic() - began, 1),
        }
        trained = list(last.agents)
        run.figure("reconstruction", pictures.reconstruction(task, of_v))
        episode = max(Splits.of(last.log, config.seed).test.episodes, key=len)
        run.figure("futures", pictures.futures(last.checkpoint, episode, config.seed))
        run.figure("controllers", pictures.controllers(runs, judged, trained))
        run.table("controllers", controller_rows(judged), "Mean returns in dream and reality")
        write_whole(run.path / CARD, card(result).encode())
        run.write_metrics(result)
        run.conclude(
            {
                "variance_explained": of_v["variance_explained"],
                "real_return": judged["controllers"][judged["best"]]["real"]["return"]["mean"],
                "rank_correlation": judged["rank_correlation"]["mean"],
            }
        )
    title = f"{task.env_id}: {last.log.steps} real steps; trained in dreams, judged in both worlds"
    rows = controller_rows(judged, ["random", *trained])
    print_report(rows, json=config.json, title=title, result={**result, "run": run.path})
    say(f"Card: {run.path / CARD}")


def _of_round(done: Round) -> Facts:
    log = done.collected
    return {
        "steps": log.steps,
        "episodes": len(log.episodes),
        "mean_return": float(log.returns().mean()),
        "mean_length": float(log.lengths().mean()),
    }


def run(words: Sequence[str]) -> None:
    """Run the command on the words of its command line."""
    name = "vmc_locomotion" if is_switched_on("locomotion", words) else "vmc"
    run_script(main, VMCConfig, name, arguments=words)
