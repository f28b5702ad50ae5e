from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest

from agents.env_config import EnvConfig
from agents.evaluation.benchmark_entries import BenchmarkConfig, BenchmarkEntry, benchmark_entries
from agents.evaluation.benchmark_report import BenchmarkResults, report
from agents.evaluation.bootstrap_intervals import Bootstrap, clustered_interval
from agents.rollout import Episodes

USERS = np.repeat([f"p{i}" for i in range(6)], 2)
WORLDS = {"dream": EnvConfig("HumanWM-v0"), "simulator": EnvConfig("HumanWMSim-v0")}


@pytest.fixture
def config() -> BenchmarkConfig:
    return BenchmarkConfig(
        **WORLDS,
        seeds=2,
        distilled_seeds=2,
        others=["a2c"],
        temperatures=[0.25, 1.0],
        pessimisms=[1.0],
        adherences=[0.4],
        exploit_seeds=1,
    )


def entries(config: BenchmarkConfig) -> list[BenchmarkEntry]:
    return benchmark_entries(config, "runs/untrained", lambda name: f"agents/{name}")


def test_who_takes_part(config: BenchmarkConfig) -> None:
    found = {entry.name: entry for entry in entries(config)}
    assert {f"ppo dream context, seed {seed}" for seed in (1, 2)} <= set(found)
    seeing = found["ppo simulator context, seed 2"]
    assert (seeing.env.id, seeing.env.person_context) == ("HumanWMSim-v0", True)
    assert seeing.config.seed == 1
    lost = found["ppo untrained dream context, seed 1"]
    assert lost.env.world_model == "runs/untrained"
    cold = found["ppo temperature 0.25, seed 1"]
    assert cold.env.temperature == 0.25
    assert list(cold.judged_in(WORLDS)) == ["dream", "simulator", "dream, temperature 0.25"]
    heard = found["ppo adherence 0.4, seed 1"].judged_in(WORLDS)
    assert heard["simulator, adherence 0.4"].adherence == 0.4
    assert found["exploit cma_es 0.25, seed 101"].env.temperature == 0.25


def test_actors_take_part_and_planners_correct_them(config: BenchmarkConfig) -> None:
    found = {entry.name: entry for entry in entries(config)}
    for actor in ("backprop", "distilled", "ppo hybrid"):
        for seed in (1, 2):
            entry = found[f"{actor} dream context, seed {seed}"]
            assert entry.config.seed == seed - 1 and entry.env.person_context
    hybrid = found["ppo hybrid dream context, seed 1"].config
    assert (hybrid.head, hybrid.bootstrap) == ("hybrid", False)
    names = list(found)
    for kind, (days, limit) in product(("backprop", "distilled"), ((2048, 2100), (384, 400))):
        actor = f"{kind} dream context, seed 1"
        name = f"residual_planner on {kind}, {days} days, {actor}"
        budget = found[name].config.planner
        search = budget.search
        assert search.iterations * search.candidates * budget.draws * budget.days == days <= limit
        assert found[name].config.actor == f"agents/{actor}"
        assert names.index(actor) < names.index(name)  # it is trained before it is corrected


def test_back_propagation_searches_for_exploits_in_both_dreams(config: BenchmarkConfig) -> None:
    found = {entry.name: entry for entry in entries(config)}
    for value in (0.25, 1.0):
        entry = found[f"exploit backprop {value:g}, seed 101"]
        assert (entry.env.temperature, entry.config.seed) == (value, 100)
        assert f"dream, temperature {value:g}" in entry.judged_in(WORLDS)


def episodes(mean: float, seed: int) -> Episodes:
    returns = mean + 0.3 * np.random.default_rng(seed).standard_normal(len(USERS))
    parts = {"mood": np.full(len(USERS), 0.5)}
    return Episodes(
        USERS, np.arange(len(USERS)), returns, np.full(len(USERS), 30), parts, returns * 0.0
    )


def test_a_report_of_everything(config: BenchmarkConfig) -> None:
    entrants = entries(config)
    found: dict[str, dict[str, Episodes]] = {}
    for number, entrant in enumerate(entrants):
        for world in entrant.judged_in(WORLDS):
            found.setdefault(world, {})[entrant.name] = episodes(22.0 + 0.05 * number, number)
    for world, of in found.items():
        of["habit"] = episodes(18.0, 100)
        if "," not in world:
            of["best_constant"], of["random"] = episodes(22.0, 101), episodes(14.0, 102)
    found["simulator"]["oracle"] = episodes(25.0, 103)
    results = BenchmarkResults(entrants, found)
    reported = report(results, Bootstrap(resamples=200))
    json.dumps(reported, allow_nan=False)
    rows = {row["agent"]: row for row in reported["table"]}
    assert rows["ppo dream context"]["runs"] == 2
    assert len(rows["ppo dream context"]["score_of_runs"]) == 2
    assert "exploit ppo" not in rows and "ppo temperature 1" not in rows
    assert rows["oracle"]["score"]["mean"] == 100.0
    assert [row["temperature"] for row in reported["sweeps"]["temperature"]] == [0.25, 1.0]
    adherences = {row["adherence"]: row for row in reported["sweeps"]["adherence"]}
    pessimisms = {row["pessimism"]: row for row in reported["sweeps"]["pessimism"]}
    assert list(adherences) == [0.4, 1.0] and list(pessimisms) == [0.0, 1.0]
    usual = found["dream"]["ppo dream context, seed 1"].returns.mean()
    assert adherences[1.0]["dream"]["mean"] == pessimisms[0.0]["dream"]["mean"] == usual
    # Three searches and the agent of that temperature; one in the dream as it is, and its agent.
    temperatures = [find["temperature"] for find in reported["exploits"]]
    assert temperatures == [0.25] * 4 + [1.0] * 2
    pairs = reported["pairs"]["dream"]
    count = len(found["dream"])
    assert sum(size["pairs"] for size in pairs) == count * (count - 1) // 2
    assert reported["transfer"]["dream"]["policies"] == len(found["dream"])
    assert set(reported["verdicts"]["planner minus best constant, score"]) == {
        "mean",
        "low",
        "high",
    }
    row = rows["ppo dream context"]
    names = ["ppo dream context, seed 1", "ppo dream context, seed 2"]
    runs = np.stack([found["simulator"][name].returns for name in names])
    assert row["return"] == vars(clustered_interval(runs, USERS, Bootstrap(resamples=200)))
    verdicts = reported["verdicts"]
    assert verdicts["optimisation lift: backprop dream context, share of the planner's gain"]
    surplus = "exploitability: most gained in a searched dream over the simulator"
    assert verdicts[surplus] == max(
        find["dream_gain"]["mean"] - find["truth_gain"]["mean"]
        for find in reported["exploits"]
        if find["name"].startswith("exploit")
    )
    assert 0.0 < reported["verdicts"]["headroom (wanted .20)"]["mean"] < 1.0
