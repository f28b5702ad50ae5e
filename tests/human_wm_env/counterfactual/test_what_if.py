"""The whole answer, on tiny nets with random weights."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from human_wm_env import History, WhatIf, effect_chart, what_if
from human_wm_env.counterfactual.change import parse_changes
from human_wm_env.counterfactual.pairs import OUTCOMES
from human_wm_env.counterfactual.words import NO_ADVICE, model_warnings, sentence, warnings
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.person import schema
from tests.human_wm_env.response import responses
from tests.world_model import tiny

CHANGE = "sleep_hours+1"
WEEK = np.arange(7)


def ask(change: str = CHANGE, **settings: Any) -> WhatIf:
    arguments: dict[str, Any] = {"user": "p004", "day": 70, "days": 3, "draws": 40, "repeats": 2}
    arguments |= {"dataset": tiny.people(), "world_model": tiny.runtime()}
    return what_if(change, **arguments | settings)


def own_log(**settings: Any) -> WhatIf:
    return ask(user=None, day=None, **settings)


def test_an_answer_has_effects_of_every_outcome_and_day() -> None:
    answer = ask()
    assert (answer.change, answer.user, answer.day, answer.days) == (CHANGE, "p004", 70, 3)
    assert tuple(answer.effects) == OUTCOMES
    for effect in answer.effects.values():
        assert len(effect.by_day) == len(effect.population_by_day) == 3
        ends = [effect.average.intervals[level] for level in ("90%", "80%", "50%")]
        lows, highs = np.array(ends).T
        assert (np.diff(lows) >= 0).all() and (np.diff(highs) <= 0).all()
    slept = answer.effects["sleep_hours"]
    assert slept.by_day[0].mean == pytest.approx(1.0, abs=0.2)
    assert set(answer.better) == {"reward", "mood", "heart_rate_avg"}
    assert [one.feature for one in answer.reach] == ["sleep_hours"]
    json.dumps(dataclasses.asdict(answer))


def test_notebooks_show_the_sentence_and_the_effects() -> None:
    answer = dataclasses.replace(ask(), sentence="More & better.", warnings=["beyond the log"])
    shown = answer._repr_html_()
    assert "<p>More &amp; better. Warning: beyond the log</p>" in shown
    assert shown.count("<tr>") == 1 + len(OUTCOMES)
    assert f"<td>{answer.effects['reward'].average.mean:+.3g}</td>" in shown


def test_a_response_answers_too() -> None:
    answer = ask(world_model=responses.runtime())
    assert answer.effects["sleep_hours"].by_day[0].mean == pytest.approx(1.0, abs=0.2)
    rate = answer.effects["heart_rate_avg"]
    assert rate.average.mean != rate.population.mean
    assert rate.by_day[0].intervals["90%"][0] < rate.by_day[0].intervals["90%"][1]


def test_seeds_and_days_are_kept() -> None:
    assert ask() == ask()
    assert ask().effects != ask(seed=1).effects
    assert ask(day=None).day == 120


def test_a_history_is_the_same_as_the_person_it_is_of() -> None:
    log = tiny.logs().history(4, 70)
    own, theirs = own_log(history=log), ask()
    for name in OUTCOMES:
        mean = theirs.effects[name].average.mean
        assert own.effects[name].average.mean == pytest.approx(mean, rel=1e-3, abs=1e-4)
    assert (own.user, own.day) == ("", 70)


def test_only_of_simulated_people_effects_may_be_believed() -> None:
    assert NO_ADVICE not in ask().sentence
    assert NO_ADVICE in ask(dataset=tiny.logs()).sentence
    assert NO_ADVICE in own_log(history=tiny.logs().history(4, 70)).sentence


def test_features_that_were_never_logged_are_named() -> None:
    log = tiny.logs().history(4, 70)
    observed = log.observed.copy()
    observed[:, [schema.SLEEP, schema.MOOD]] = False
    history = History.from_arrays(log.rows, observed, int(log.weekday[0]))
    warned = " ".join(own_log(history=history).warnings)
    assert "sleep_hours was never logged" in warned and "mood was never logged" in warned
    assert "heart_rate_avg was never" not in warned


def test_the_sentence_begins_with_what_was_logged() -> None:
    answer = ask()
    rate, mood = "heart_rate_avg", "mood"
    plain = sentence(answer, simulated=True)
    assert plain.index("heart rate by") < plain.index("mood by") and "never" not in plain
    absent = sentence(answer, simulated=True, never_logged=[rate])
    assert absent.index("mood by") < absent.index("heart rate")
    assert " and heart rate (never logged) by " in absent
    absent = sentence(answer, simulated=True, never_logged=[mood])
    assert absent.index("heart rate by") < absent.index("mood (")
    assert " and mood (never logged) by " in absent
    assert sentence(answer, simulated=True, never_logged=[rate, mood]).count("never logged") == 2
    log = tiny.logs().history(4, 70)
    observed = log.observed.copy()
    observed[:, schema.HEART_RATE] = False
    history = History.from_arrays(log.rows, observed, int(log.weekday[0]))
    assert "heart rate (never logged)" in own_log(history=history).sentence


def test_days_beyond_the_log_are_named() -> None:
    warned = " ".join(ask("sleep_hours+7").warnings)
    assert "sleep_hours is what this person never logged, or beyond all of it" in warned
    assert not [line for line in ask("sleep_hours+0.1").warnings if "sleep_hours" in line]


@pytest.mark.parametrize("change", ["steps*1", "sleep_hours+0", "sleep_hours+1 on Sat"])
def test_what_changes_nothing_has_no_direction(change: str) -> None:
    """Days 70 to 72 of p004 are no Saturday."""
    answer = ask(change, dataset=tiny.logs())
    assert {effect.average.mean for effect in answer.effects.values()} == {0.0}
    assert set(answer.better.values()) == {0.5}
    nothing = (
        f'"{change}" for 3 days would change nothing: p004\'s days of habit are so without it.'
    )
    assert answer.sentence == nothing
    assert any("none of its weekdays" in line for line in answer.warnings) == ("Sat" in change)


@pytest.mark.parametrize(
    ("share", "said"),
    [(1.0, "over 99%"), (0.99, "99%"), (0.62, "62%"), (0.0, "under 1%"), (0.006, "1%")],
)
def test_draws_make_nothing_sure(share: float, said: str) -> None:
    answer = ask()
    better = dataclasses.replace(answer, better=answer.better | {"reward": share})
    assert f"raise the reward with probability {said};" in sentence(better, simulated=False)


def test_members_that_fall_out_over_the_changed_days_are_named() -> None:
    log, changes = tiny.logs().history(4, 70), parse_changes(CHANGE)
    assert warnings(changes, WEEK, log, [], {"habit": 0.1, "changed": 0.19}) == []
    (line,) = warnings(changes, WEEK, log, [], {"habit": 0.1, "changed": 0.3})
    assert "3.0 times as much" in line


def test_what_the_card_says_is_not_met_is_handed_on(tmp_path: Any) -> None:
    manifest: dict[str, Any] = {"data": {"generator_version": 1}}
    checkpoint = dataclasses.replace(tiny.checkpoint(), folder=tmp_path, manifest=manifest)
    assert "humanwm report" in model_warnings(checkpoint, simulated=True)[0]
    missed = {"what": "r", "value": 0.4, "bound": 0.9, "is_most": False, "met": False}
    kept = missed | {"what": "kept", "met": True}
    text = json.dumps({"r": missed, "kept": kept})
    (tmp_path / "requirements.json").write_text(text, encoding="utf-8")
    found = model_warnings(checkpoint, simulated=False)
    assert "simulated people" in found[0] and "before or after" in found[1]
    assert found[2:] == ["Model card, not met: r (0.4, wanted at least 0.9)."]


def test_the_figure_has_a_panel_for_heart_rate_mood_and_reward() -> None:
    for days in (1, 3):
        figure = effect_chart(ask(days=days))
        figure.canvas.draw()
        assert len(figure.axes) == 3
        assert figure.axes[0].get_title(loc="left") == "Heart rate (bpm)"


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"days": 0}, ConfigError, "days >= 1"),
        ({"draws": 1}, ConfigError, "draws >= 2"),
        ({"repeats": 1}, ConfigError, "repeats >= 2"),
        ({"user": None}, ConfigError, "neither"),
        ({"history": tiny.logs().history(4, 70)}, ConfigError, "received both"),
        ({"user": "p999"}, DataError, "p999"),
        ({"day": 121}, DataError, "day 121"),
    ],
)
def test_what_cannot_be_answered_is_an_error(
    settings: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        ask(**settings)


def test_weekdays_have_to_be_known_where_a_change_needs_them() -> None:
    log = tiny.logs().history(4, 70)
    without = History.from_arrays(log.rows, log.observed)
    with pytest.raises(ConfigError, match="knows its weekdays"):
        own_log(change="sleep_hours+1 on weekdays", history=without)
    assert np.isfinite(own_log(history=without).better["reward"])
