"""Compare agents with baselines, in the dream and in the simulator, in pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path

from tqdm.auto import tqdm

from agents import (
    Agent,
    EnvConfig,
    Evaluation,
    EvaluationConfig,
    GymEnvConfig,
    OffPolicyConfig,
    evaluate,
    load_agents,
    load_sb3_zip,
)
from agents.episode_starts import logs_of
from agents.evaluation.advice import day_rows, in_words, mean_day, warnings_of
from agents.evaluation.episode_cache import plain_name
from agents.evaluation.evaluate import TRUTH, add_agent
from agents.evaluation.figures import transfer_figure
from agents.evaluation.other_worlds import compare, references_of
from agents.evaluation.summary_table import interval_text, log_rows, table_rows
from agents.protocol import Manifest
from human_wm_cli.console import Facts, print_report, run_script, say
from human_wm_cli.fan_charts import ABOUT, held_out_charts
from human_wm_cli.run import RunConfig, RunFolder
from human_wm_env import ConfigError, Dataset
from human_wm_env.wording import counted

_ELSEWHERE = "It is of worlds of people: leave world out."


@dataclass(frozen=True)
class EvaluateAgentConfig:
    """Settings of the command.

    Attributes:
        agents: folders of runs of `humanwm train`, or of saved agents.
        dream: the dream; null leaves it out.
        second_opinion: checkpoint of a world model that was trained on other people with
            another seed: the dream, as it dreams it, is one more world. null leaves it out.
        simulator: the real world of the benchmark; null leaves it out.
        world: any other registered environment, such as {id: PatternEcho-v0, arguments: {}},
            in place of dream and simulator: agents are compared there with random actions.
        episodes: in that world.
        evaluation: what is compared on whom.
        off_policy: settings of the estimates from the log alone, such as {updates: 4000}; null
            leaves them out. Agents with a memory or chance in them are not estimated.
        sb3_zips: models that stable-baselines3 saved itself, by algorithm: {ppo: model.zip},
            or {ppo: [one.zip, other.zip]}.
        trust_sb3_zip: load them although they can run code.
        run: the folder of the run.
        json: print one JSON object instead of a table.
    """

    agents: list[str] = field(default_factory=list)
    dream: EnvConfig | None = field(default=None, metadata={"group": "env"})
    second_opinion: str | None = None
    simulator: EnvConfig | None = field(default=None, metadata={"group": "env"})
    world: GymEnvConfig | None = None
    episodes: int = 500
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    off_policy: OffPolicyConfig | None = None
    sb3_zips: Facts = field(default_factory=dict)
    trust_sb3_zip: bool = False
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False

    def __post_init__(self) -> None:
        if self.second_opinion is not None and self.dream is None:
            raise ConfigError(
                "a dream beside its second_opinion",
                "dream=null",
                "Leave dream out, or give the checkpoint as dream.world_model.",
            )

    def unused(self) -> dict[str, str]:
        """Return settings that agents are not judged by, and why."""
        instead = {
            "split": "Agents are judged on the people of evaluation.split.",
            "weather": "Agents are judged on the weather of the log.",
            "pessimism": "Agents are judged without it; it is for training.",
        }
        of_people: list[str] = []
        if self.world is not None:
            instead = dict.fromkeys((each.name for each in fields(EnvConfig)), _ELSEWHERE)
            own = (each.name for each in fields(EvaluationConfig))
            of_people += [f"evaluation.{name}" for name in own if name not in ("seed", "bootstrap")]
            of_people += ["off_policy", "second_opinion"]
        found = dict.fromkeys(of_people, _ELSEWHERE)
        for world in ("dream", "simulator"):
            found |= {f"{world}.{name}": why for name, why in instead.items()}
        if self.world is None:
            found["episodes"] = "It is of a world: with people, evaluation.people counts."
        if not self.sb3_zips:
            found["trust_sb3_zip"] = "Name the files with sb3_zips={ppo: model.zip}."
        return found

    def worlds(self) -> dict[str, EnvConfig]:
        """Return the worlds that take part, the truth last."""
        named: dict[str, EnvConfig | None] = {"dream": self.dream, TRUTH: self.simulator}
        if self.dream is not None and self.second_opinion is not None:
            opinion = replace(self.dream, world_model=self.second_opinion)
            named = {"dream": self.dream, "second opinion": opinion, TRUTH: self.simulator}
        return {name: world for name, world in named.items() if world is not None}


def chosen_agents(config: EvaluateAgentConfig) -> dict[str, Agent]:
    """Load the agents that a configuration names.

    Raises:
        ConfigError: two of them have one name, or a file is no text.
    """
    agents = load_agents(config.agents)
    for algorithm, given in config.sb3_zips.items():
        for file in given if isinstance(given, list) else [given]:
            if not isinstance(file, str):
                raise ConfigError(
                    f"a .zip or a list of them for sb3_zips.{algorithm}",
                    repr(file),
                    "Write sb3_zips={ppo: model.zip} or {ppo: [one.zip, other.zip]}.",
                )
            agent = load_sb3_zip(file, algorithm, trust=config.trust_sb3_zip)
            add_agent(agents, Path(file).stem, agent, file)
    return agents


def run_evaluation(
    config: EvaluateAgentConfig,
    agents: Mapping[str, Agent],
    *,
    dataset: Dataset | None = None,
) -> Evaluation:
    """Run agents and baselines everywhere; a progress bar goes to stderr.

    Args:
        config: what is compared where.
        agents: by name.
        dataset: a data set object in place of the worlds' `dataset`.
    """
    worlds, settings = config.worlds(), config.evaluation
    total = (len(worlds) + settings.replay) * (len(agents) + len(settings.baselines))
    with tqdm(total=total, unit="agent", desc="evaluation", disable=None) as bar:
        return evaluate(
            agents,
            worlds,
            settings,
            off_policy=config.off_policy,
            dataset=dataset,
            progress=bar.update,
            say=say,
        )


def show_evaluation(
    evaluation: Evaluation,
    config: EvaluateAgentConfig,
    run: RunFolder,
    *,
    dataset: Dataset | None = None,
) -> None:
    """Put an evaluation on a run's dashboard: verdict, returns, and futures of people dreamt.

    Args:
        evaluation: what was found.
        config: what it was made with.
        run: whose dashboard it is.
        dataset: a data set object in place of the worlds' `dataset`.
    """
    summary = evaluation.summary
    shown, world = evaluation.results[evaluation.shown], evaluation.shown
    why = in_words(shown, world, config.worlds()[world].reward_weights)
    lines = [why, *warnings_of(shown, evaluation.beside_constant)]
    lines.append(title_of(config, summary))
    run.table("verdict", table_rows(summary, TRUTH), "\n\n".join(lines))
    run.table("mean days", day_rows(shown), f"Mean day in the {world}, in the log's units")
    means: dict[str, dict[str, float]] = {}
    for world, of_agents in evaluation.results.items():
        stage = run.dashboard.stage(f"evaluation_in_{world}".replace(" ", "_"))
        means[world] = {name: float(each.returns.mean()) for name, each in of_agents.items()}
        for name, each in of_agents.items():
            stage.histogram(f"return/{name}", each.returns, 0)
        run.conclude({f"return_in_{world}/{name}": mean for name, mean in means[world].items()})
    for world in evaluation.transfer:
        title = f"every agent, {world} against simulator"
        run.figure(
            plain_name(f"transfer {world}"), transfer_figure(means[world], means[TRUTH], title)
        )
    if config.dream is not None:
        logs = logs_of(config.dream, dataset)
        for name, chart in held_out_charts(logs, config.dream.world_model):
            run.dashboard.figure(name, chart, about=ABOUT)


def print_days(evaluation: Evaluation, config: EvaluateAgentConfig) -> None:
    """Print each agent's mean day, who earned most and why, and what speaks against it."""
    world = evaluation.shown
    of_agents = evaluation.results[world]
    print_report(
        day_rows(of_agents),
        title=f"\nMean day in the {world}, in the log's units, and parts of the reward",
    )
    print(f"\n{in_words(of_agents, world, config.worlds()[world].reward_weights)}")
    for line in warnings_of(of_agents, evaluation.beside_constant):
        print(f"Warning: {line}")


def title_of(config: EvaluateAgentConfig, summary: Mapping[str, Mapping[str, Manifest]]) -> str:
    """Return the title of the verdict's table; one person has no intervals."""
    percent = round(100 * config.evaluation.bootstrap.confidence, 1)
    worlds = config.worlds()
    shown = TRUTH if TRUTH in worlds else list(worlds)[-1]
    judged = {found["people"] for found in summary[shown].values()}
    whose = "of one person" if judged == {1} else f"with {percent:g}% intervals over people"
    days = counted(worlds[shown].horizon, "day")
    return f"Return of {days} {whose}; differences and components in the {shown}"


def main(config: EvaluateAgentConfig) -> None:
    """Compare agents with random, habit and the best constant day, in pairs.

    Every agent meets the same people on the same days with the same noise. Intervals
    are bootstrapped over people. With evaluation=full the planners take part, and returns
    are also given as scores: habit 0, oracle planner 100. Example:
    humanwm evaluate agents="[runs/my_agent]" evaluation.people=20
    For logs without a simulator the log itself and another world model judge:
    humanwm evaluate agents="[runs/my_agent]" dream.dataset=logs.csv
    simulator=null off_policy.updates=4000 second_opinion=runs/other/checkpoint
    """
    agents = chosen_agents(config)  # a wrong folder fails before a run is created
    if config.world is not None:
        _elsewhere(config, config.world, agents)
        return
    with RunFolder("evaluate_agent", config, config.run) as run:
        evaluation = run_evaluation(config, agents)
        summary, headroom = evaluation.summary, evaluation.headroom
        shown = evaluation.results[evaluation.shown]
        found = {
            "worlds": summary,
            "transfer": evaluation.transfer,
            "headroom": None if headroom is None else headroom.plain(),
            "mean_days": {name: mean_day(each) for name, each in shown.items()},
            "minus_best_constant": {k: v.plain() for k, v in evaluation.beside_constant.items()},
            "replay": evaluation.foresight,
            "off_policy": evaluation.estimates,
        }
        run.write_metrics(found)
        show_evaluation(evaluation, config, run)
    print_report(
        table_rows(summary, TRUTH),
        json=config.json,
        title=title_of(config, summary),
        result={"run": run.path, **found},
    )
    if not config.json:
        print_days(evaluation, config)
        _print_apart(evaluation)
    for world, compared in evaluation.transfer.items():
        say(f"{world}: {_in_words(compared)}")
    if headroom is not None:
        say(f"headroom: {interval_text(headroom.plain())}")


def _elsewhere(
    config: EvaluateAgentConfig, world: GymEnvConfig, agents: Mapping[str, Agent]
) -> None:
    """Compare agents with random actions in a world that is not of people."""
    settings = config.evaluation
    with RunFolder("evaluate_agent", config, config.run) as run:
        found = compare(
            *(agents, world),
            episodes=config.episodes,
            seed=settings.seed,
            bootstrap=settings.bootstrap,
        )
        references = references_of(world)
        result = {
            "world": world.id,
            "agents": found,
            "references": None if references is None else vars(references),
        }
        run.write_metrics(result)
    rows = [
        {
            "agent": name,
            **{key: interval_text(each) for key, each in one.items() if isinstance(each, dict)},
            "success_rate": one.get("success_rate"),
        }
        for name, one in found.items()
    ]
    title = f"Return of an episode of {world.id}"
    if references is not None:
        title += f" ({references})"
    print_report(rows, json=config.json, title=title, result={"run": run.path, **result})


def _print_apart(evaluation: Evaluation) -> None:
    """Print what is no return in a world: foresight in the replay, estimates from the log."""
    if evaluation.replayed:
        rows = [
            {"agent": name, **{key: interval_text(value, 3) for key, value in found.items()}}
            for name, found in evaluation.foresight.items()
        ]
        title = "\nForesight in the replay of the log, in [0, 1] a day: not comparable with returns"
        print_report(rows, title=title)
    if evaluation.estimates:
        title = "\nReturns estimated from the log alone, beside those in the worlds"
        print_report(log_rows(evaluation.estimates, evaluation.summary), title=title)


def _in_words(compared: Facts) -> str:
    ratio, rank = compared["median_inflation"], compared["rank_correlation"]
    text = "no gain to compare" if ratio is None else f"median inflation {ratio:.2f}"
    if rank is not None:
        text += f", rank correlation {rank['mean']:.2f} over {compared['policies']} policies"
    return text


run = partial(run_script, main, EvaluateAgentConfig, "evaluate_agent", path="agents", several=True)
