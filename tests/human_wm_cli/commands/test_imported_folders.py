"""Every command on a folder that an import wrote, of one person and of many."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from human_wm_cli.main import main
from human_wm_env import NeverLoggedWarning, import_logs, write_logs

DATA = Path(__file__).parents[4] / "shared" / "data"
SHARED = {
    "lifesnaps": "lifesnaps/daily.csv",
    "lifesnaps_own_columns": "lifesnaps/daily_fitbit_sema_df_unprocessed.csv",
    "fitabase": "fitabase/daily.csv",
    "kaggle": "kaggle_sample/fitness_tracker_dataset_first1000.csv",
}
HEADER = "user_id,date,steps,calories_burned,sleep_hours,heart_rate_avg,mood"
TINY = ["training.nets.epochs=2", "training.moments.epochs=1", "training.encoder.epochs=1"]
TINY += ["training.dreamt_people=20", "training.response.steps=5"]
QUICK = ["simulator=null", "dream.horizon=7", "evaluation.episodes_per_person=2"]
pytestmark = pytest.mark.filterwarnings("ignore::human_wm_env.NeverLoggedWarning")


def invented(folder: Path, people: int, days: int = 90) -> Path:
    """Import people without distance, workouts and places; a day in five is missing."""
    rng, lines = np.random.default_rng(people), [HEADER]
    for person in range(people):
        for day in np.flatnonzero(rng.random(days) < 0.8).tolist():
            steps, sleep, rate = rng.normal([8000 + 500 * person, 7.3, 66], [2000, 0.8, 3])
            when = date(2024, 1, 1) + timedelta(days=day)
            mood = rng.choice(["Happy", "Neutral", ""])
            kcal = 2000 + 0.04 * steps
            lines.append(f"p{person},{when},{steps:.0f},{kcal:.0f},{sleep:.2f},{rate:.0f},{mood}")
    table = folder / f"{people}.csv"
    table.write_text("\n".join(lines).replace(",-", ",") + "\n", encoding="utf-8")
    write_logs(table, folder / f"logs{people}", ids="plain")
    return folder / f"logs{people}"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def metrics(folder: str) -> dict[str, object]:
    found: dict[str, object] = json.loads((Path("runs") / folder / "metrics.json").read_text())
    return found


@pytest.mark.parametrize("people", [1, 5])
def test_environments(here: Path, people: int) -> None:
    folder = invented(here, people)
    for name in ("HumanWM-v0", "HumanWMReplay-v0", "HumanWM-MO-v0"):
        env = gym.make(f"human_wm_env:{name}", dataset=str(folder), horizon=7)
        observation, _ = env.reset(seed=1, options={"user": "p0", "day": 30})
        observation, reward, *_ = env.step(np.zeros(7, np.float32))
        assert np.isfinite(observation).all() and np.isfinite(reward).all()
        env.close()


def test_an_audit_has_no_remedies_for_the_source(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["audit", f"data.source={invented(here, 1)}", "run.name=audit"])
    out, err = capsys.readouterr()
    assert "90 person-days" in out and "links not tested" in out
    assert "logs1: " in err and "pandas" not in err and "days-" not in err


def test_one_person_is_judged_without_intervals(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = invented(here, 1)
    words = ["evaluate", *QUICK, f"dream.dataset={one}", "evaluation.split=all"]
    main([*words, "evaluation.baselines=[random,habit]", "run.name=judged"])
    out = capsys.readouterr().out
    assert out.startswith("Return of 7 days of one person;")
    assert "Warning: One person: what agents earn is theirs" in out and "[" not in out
    (world,) = metrics("judged")["worlds"].values()  # type: ignore[attr-defined]
    for of_agent in world.values():
        assert of_agent["return"].keys() == of_agent["iqm"].keys() == {"mean"}


def test_too_few_people_are_told_what_to_set(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, words = invented(here, 1), ["evaluate", "simulator=null", "dream.horizon=7"]
    with pytest.raises(SystemExit):
        main([*words, f"dream.dataset={one}"])
    assert "evaluation.split" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*words, f"dream.dataset={one}", "evaluation.split=all", "evaluation.people=3"])
    assert "Ask for 1 or none in particular (evaluation.people=null)" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["pretrain", f"data.source={one}", "card=null", *TINY])
    assert "data=few_people training=finetune" in capsys.readouterr().err


def train_and_judge(logs: Path, *more: str) -> None:
    words = ["agent=ppo_quick", "agent.steps=200", "agent.warm_start=0", "env.horizon=7"]
    main(["train", "env=dream_context", f"env.dataset={logs}", *words, "run.name=agent"])
    search = ["evaluation.search.iterations=1", "evaluation.search.episodes=60"]
    main(["evaluate", *QUICK, *search, "agents=runs/agent", f"dream.dataset={logs}", *more])


@pytest.mark.slow
def test_one_person_from_the_folder_to_a_judged_agent(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = invented(here, 1)
    main(["futures", str(one), "out=futures.png"])
    main(["what-if", f"history={one}", "change=sleep_hours+1"])
    words = ["data=few_people", f"data.source={one}", "training=finetune", *TINY]
    main(["pretrain", *words, "card=short", "run.name=mine"])
    said = capsys.readouterr()
    assert (here / "futures.png").is_file() and "this log removed" in said.out
    assert "No model card: expected " in said.err
    main(["evaluate-forecasts", "data=few_people", f"data.source={one}"])
    assert "One person: the gains are theirs" in capsys.readouterr().out
    train_and_judge(one, "evaluation.split=all", "dream.world_model=runs/mine/checkpoint")


@pytest.mark.slow
@pytest.mark.parametrize("name", SHARED)
def test_real_logs_from_the_export_to_a_judged_agent(
    here: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if not DATA.is_dir():
        pytest.skip("../shared/data is not here")
    out = here / "logs"
    logs = import_logs(DATA / SHARED[name], out)
    for row in logs.manifest["counts"]:
        assert row["read"] == row["kept"] + row["merged"] + row["rejected"], row
    main(["audit", f"data.source={out}"])
    main(["pretrain", f"data.source={out}", "card=null", "training=quick", *TINY, "run.name=mine"])
    if name == "kaggle":  # a person has one day there: nobody can begin to dream
        with pytest.raises(SystemExit):
            train_and_judge(out)
        assert "14 days of history; received logs of at most 1 days" in capsys.readouterr().err
        return
    user = logs.dataset.user_ids[int(logs.dataset.days_logged.argmax())]
    main(["futures", str(out), f"user={user}"])
    main(["what-if", f"history={out}", f"user={user}", "change=sleep_hours+1"])
    with pytest.warns(NeverLoggedWarning):
        env = gym.make("human_wm_env:HumanWM-v0", dataset=str(out), horizon=7)
    env.reset(seed=0)
    env.close()
    train_and_judge(out, "dream.world_model=runs/mine/checkpoint")
