"""The whole audit: nothing found in noise, what was planted found, real logs as known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.importers import read_daily_csv
from human_wm_env.errors import ConfigError, LogWarning
from human_wm_env.person import schema
from tests.world_model.audit.audit_logs import autoregressive, kaggle_like, logs, uniform_rows
from world_model.audit import Audit, AuditConfig, audit, verdict, verdict_of

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")
QUICK = AuditConfig(permutations=119)
FAMILY_NAMES = ("people", "memory", "weekday", "same_day", "next_day", "logged")


def found(audited: Audit) -> dict[str, int]:
    return {name: len(getattr(audited, name).found) for name in FAMILY_NAMES}


def value(audited: Audit, family: str, of: str, to: str | None = None) -> float:
    finding = getattr(audited, family).named(of, to)
    assert finding is not None
    return finding.value


def is_found(audited: Audit, family: str, of: str, to: str | None = None) -> bool:
    finding = getattr(audited, family).named(of, to)
    return finding is not None and getattr(audited, family).is_found(finding)


def test_no_false_structure_in_noise_of_the_kaggle_files_shape() -> None:
    # At most 5% of the audits may find anything; with 10 audits, 3 or more is 1 in 90.
    audits = [audit(kaggle_like(20, 60, seed), QUICK) for seed in range(10)]
    assert sum(any(found(audited).values()) for audited in audits) <= 2
    for audited in audits:
        assert len(audited.same_day.tested) > 100
    quiet = [audited for audited in audits if not any(found(audited).values())]
    sentence = verdict_of(quiet[0])
    assert sentence.startswith("Nothing to learn")
    assert "10 of 10 columns look like uniform random numbers" in sentence
    assert "% of the days are impossible (sleep + activity over 24 h)" in sentence
    assert audits[0].plausibility.over_24_hours == pytest.approx(0.05, abs=0.02)


def test_one_day_a_person_is_audited_over_all_rows() -> None:
    noise = audit(kaggle_like(634, 1, 0), QUICK)
    assert not noise.within_people
    assert noise.people.tested == ()
    assert verdict_of(noise).startswith("Nothing to learn")
    assert "not testable with 1 day a person: whether people differ" in verdict_of(noise)
    rows = uniform_rows(634, 1, np.random.default_rng(0))
    rows[..., schema.DISTANCE] = rows[..., schema.STEPS] / 1500
    linked = audit(logs(rows), QUICK)
    assert value(linked, "same_day", "steps", "distance_km") == pytest.approx(1.0, abs=1e-3)
    assert len(linked.same_day.found) == 1
    assert verdict_of(linked).startswith("Something to learn: whether people differ cannot be")


def test_slow_but_unrelated_features_are_not_linked() -> None:
    rng = np.random.default_rng(5)
    rows = uniform_rows(20, 100, rng)
    for index in schema.CONTINUOUS_FEATURES:
        feature = schema.continuous(index)
        drift = autoregressive(20, 100, 0.8, rng)
        rows[..., index] = feature.centre + 0.3 * feature.scale * drift
    audited = audit(logs(rows), QUICK)
    assert found(audited)["same_day"] == found(audited)["next_day"] == 0
    assert is_found(audited, "memory", "steps")
    # Days in a row are alike; that alone does not make people differ.
    assert found(audited)["people"] == 0


def test_planted_structure_is_found_in_its_size_and_nowhere_else() -> None:
    rng = np.random.default_rng(6)
    users, days = 40, 120
    rows = uniform_rows(users, days, rng)
    person = rng.standard_normal((users, 1))
    day = rng.standard_normal((users, days))
    rows[..., schema.STEPS] = 8000 + 1000 * (np.sqrt(0.4) * person + np.sqrt(0.6) * day)
    rows[..., schema.SLEEP] = 7 + autoregressive(users, days, 0.5, rng)
    weekend = (np.arange(days) % 7 >= 5) - 2 / 7
    rows[..., schema.MINUTES] = 300 + 100 * weekend + 45 * rng.standard_normal((users, days))
    pulse = rng.standard_normal((users, days))
    pulse = 0.8 * pulse + 0.6 * day  # r .6 with the same day's steps
    pulse[:, 1:] += 0.5 * ((rows[:, :-1, schema.WORKOUT] == 6) - 1 / 7)
    rows[..., schema.HEART_RATE] = 80 + 5 * pulse
    rows[..., schema.MOOD] = np.where(
        (rows[..., schema.LOCATION] == 4) & (rng.random((users, days)) < 0.5),
        0,
        rows[..., schema.MOOD],
    )
    observed = rng.random(rows.shape) < 0.8
    rows[..., schema.CALORIES] = 2400 + 300 * rng.standard_normal((users, days))
    observed[..., schema.CALORIES] &= (rows[..., schema.SLEEP] < 7) | (
        rng.random((users, days)) < 0.5
    )
    audited = audit(logs(rows, observed), QUICK)

    assert value(audited, "people", "steps") == pytest.approx(0.4, abs=0.12)
    assert value(audited, "memory", "sleep_hours") == pytest.approx(0.5, abs=0.06)
    spread = 100**2 * 2 / 7 * 5 / 7
    share = spread / (spread + 45**2)
    assert value(audited, "weekday", "active_minutes") == pytest.approx(share, abs=0.04)
    assert value(audited, "same_day", "steps", "heart_rate_avg") == pytest.approx(0.58, abs=0.05)
    for family, of, to in (
        ("people", "steps", None),
        ("memory", "sleep_hours", None),
        ("weekday", "active_minutes", None),
        ("same_day", "steps", "heart_rate_avg"),
        ("same_day", "location=Park", "mood=Happy"),
        ("next_day", "workout_type=Running", "heart_rate_avg next day"),
        ("logged", "sleep_hours", "calories_burned is logged"),
    ):
        assert is_found(audited, family, of, to), (family, of, to)
    # People differ in steps alone, and in nothing that steps do not reach.
    assert {one.of for one in audited.people.found} == {"steps"}
    assert {one.of for one in audited.memory.found} <= {"sleep_hours", "active_minutes"}
    assert {one.of for one in audited.weekday.found} == {"active_minutes"}
    sentence = verdict_of(audited)
    assert sentence.startswith("Something to learn: people differ in 1 of 10 features (most in st")
    assert "strongest steps with heart_rate_avg, r 0.5" in sentence


def test_people_are_taken_at_random_where_logs_are_long() -> None:
    noise = kaggle_like(40, 60, 1)
    few = AuditConfig(permutations=119, person_days=600, seed=3)
    one, again = audit(noise, few), audit(noise, few)
    assert one == again
    assert (one.tested_people, one.tested_days) == (10, 600)
    assert one.person_days == 2400
    whole = audit(noise, QUICK)
    values = [finding.value for finding in whole.people.findings]
    assert [finding.value for finding in one.people.findings] == values
    assert [f.z for f in one.people.findings] != [f.z for f in whole.people.findings]


def test_too_little_data_is_said_so() -> None:
    assert verdict(kaggle_like(2, 3, 0), QUICK).startswith("Cannot tell: too few days")


def test_settings_that_could_never_find_anything_are_refused() -> None:
    with pytest.raises(ConfigError, match="no p-value can reach"):
        AuditConfig(permutations=100)
    with pytest.raises(ConfigError, match="person_days"):
        AuditConfig(person_days=0)


@needs_data
def test_lifesnaps_as_in_the_notes() -> None:
    with pytest.warns(LogWarning) as told:
        audited = audit(read_daily_csv(DATA / "lifesnaps" / "daily.csv").dataset, QUICK)
    assert [str(each.message).split(" outside")[0] for each in told] == [
        "daily.csv: workout_type is never None, a rest day, and empty on 2116 days with other "
        "values: write None where nobody trained (pandas loses it: read with "
        "keep_default_na=False).",
        "daily: 3 of 3488 values of calories_burned",
    ]
    shares = {
        "steps": 0.29,
        "active_minutes": 0.32,
        "calories_burned": 0.58,
        "sleep_hours": 0.22,
        "heart_rate_avg": 0.46,
        "mood valence": 0.19,
    }
    for name, expected in shares.items():
        assert value(audited, "people", name) == pytest.approx(expected, abs=0.04), name
        assert is_found(audited, "people", name)
    lags = {"steps": 0.15, "active_minutes": 0.16, "sleep_hours": -0.03, "heart_rate_avg": 0.21}
    for name, expected in lags.items():
        assert value(audited, "memory", name) == pytest.approx(expected, abs=0.03), name
    links = {"distance_km": 0.98, "calories_burned": 0.82, "active_minutes": 0.84}
    links |= {"heart_rate_avg": 0.33, "location=Park": 0.24}
    for name, expected in links.items():
        assert value(audited, "same_day", "steps", name) == pytest.approx(expected, abs=0.02), name
        assert is_found(audited, "same_day", "steps", name)
    office = value(audited, "weekday", "location=Office")
    assert office == pytest.approx(0.14, abs=0.01)
    logged = value(audited, "logged", "steps", "workout_type is logged")
    assert logged == pytest.approx(0.48, abs=0.01)
    for to in ("heart_rate_avg next day", "mood valence next day"):
        assert abs(value(audited, "next_day", "steps", to)) < 0.03
    assert found(audited)["next_day"] == 0
    assert verdict_of(audited).startswith("Something to learn: people differ in 9 of 9 features")


@needs_data
def test_the_kaggle_sample_has_nothing_to_learn() -> None:
    file = DATA / "kaggle_sample" / "fitness_tracker_dataset_first1000.csv"
    with pytest.warns(LogWarning, match="201 of 634 values of active_minutes"):
        dataset = read_daily_csv(file, repeated="first").dataset
    sentence = verdict(dataset, QUICK)
    assert sentence.startswith("Nothing to learn: none of 304 tests stands out from chance")
    assert "10 of 10 columns look like uniform random numbers" in sentence
    # Of the values that are left: those outside their bounds are masked, and told above.
    assert "4% of the days are impossible" in sentence


def test_features_of_too_few_days_are_named_as_untested() -> None:
    rng = np.random.default_rng(5)
    rows = np.zeros((1, 56, schema.FEATURE_COUNT), dtype=np.float32)
    observed = np.zeros(rows.shape, dtype=bool)
    observed[..., [schema.STEPS, schema.SLEEP, schema.MOOD]] = True
    rows[..., schema.STEPS] = rng.normal(8000.0, 1500.0, (1, 56))
    rows[..., schema.SLEEP] = rng.normal(7.0, 0.5, (1, 56))
    rows[..., schema.MOOD] = rng.integers(0, 4, (1, 56))
    short = LogDataset.from_arrays(rows, observed, name="short")
    assert verdict(short, QUICK).endswith("too few days, links not tested: mood.")


def test_of_a_very_large_data_set_some_people_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = kaggle_like(20, 60, 3)
    assert audit(data, QUICK).users == 20
    monkeypatch.setitem(audit.__globals__, "MOST_PERSON_DAYS", 7 * 60)
    some = audit(data, QUICK)
    assert (some.users, some.person_days) == (7, 7 * 60)
    assert audit(data, QUICK) == some
