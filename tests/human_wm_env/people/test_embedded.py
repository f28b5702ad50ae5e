from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from human_wm_env.errors import ConfigError
from human_wm_env.files.cache import CACHE_VARIABLE, cache_folder
from human_wm_env.people import embedded, physiology
from human_wm_env.people.embedded import EmbeddedConfig, EmbeddedPeople, generate, load_embedded
from human_wm_env.people.physiology import Body
from human_wm_env.person import schema

TINY = EmbeddedConfig(users=3, days=60, seed=5)


def test_generating_is_deterministic() -> None:
    one, other = generate(TINY), generate(TINY)
    assert set(one) == set(embedded._TRUTH_ARRAYS)
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])


@pytest.mark.parametrize("change", [{"seed": 6}, {"response_gain": 0.3}])
def test_another_config_is_another_population(change: dict[str, float]) -> None:
    one = generate(TINY)["true_rows"]
    other = generate(EmbeddedConfig(**{"users": 3, "days": 60, "seed": 5} | change))["true_rows"]
    assert (one != other).any()


@pytest.mark.parametrize("change", [{"users": 2}, {"days": 59}, {"response_gain": -0.1}])
def test_impossible_configs_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="at least 3 users"):
        EmbeddedConfig(**change)  # type: ignore[arg-type]


def test_the_containers_agree(small: EmbeddedPeople) -> None:
    users, days = small.config.users, small.config.days
    assert small.true_rows.shape == (users, days, 10)
    assert small.bodies.shape == (users, days + 1, 4)
    seen = small.dataset.observed
    np.testing.assert_array_equal(small.dataset.rows[seen], small.true_rows[seen])
    lost = small.day_lost[:, :, None] | small.feature_lost
    np.testing.assert_array_equal(seen, ~lost)
    assert small.dataset.user_ids[0] == "p000" and small.dataset.name == "embedded"
    assert np.isfinite(small.true_rows).all() and np.isfinite(small.bodies).all()


def test_true_rows_are_complete_and_feasible(small: EmbeddedPeople) -> None:
    for index, feature in enumerate(schema.FEATURES):
        column = small.true_rows[..., index]
        if isinstance(feature, schema.Continuous):
            assert feature.low <= column.min() and column.max() <= feature.high
        else:
            assert np.isin(column, np.arange(feature.width)).all()


def test_the_hidden_state_of_each_day_follows_from_the_day_before(small: EmbeddedPeople) -> None:
    users = np.arange(small.config.users)
    for day in (0, 1, 57, small.config.days - 1):
        body = small.body_at(users, np.full(len(users), day))
        residual = small.bodies[users, day + 1, 3]
        after = physiology.wake_up(body, small.true_rows[:, day], residual)
        expected = small.body_at(users, np.full(len(users), day + 1))
        for name in ("fitness", "fatigue", "sleep_debt", "heart_rate_residual"):
            np.testing.assert_array_equal(getattr(after, name), getattr(expected, name))


def test_heart_rate_is_its_mean_and_the_residual(small: EmbeddedPeople) -> None:
    users = np.arange(small.config.users)
    body = small.body_at(users, np.full(len(users), 30))
    mean = physiology.mean_heart_rate(small.people.traits, body, small.true_rows[:, 30], 1.0)
    logged = small.true_rows[:, 30, schema.HEART_RATE]
    np.testing.assert_allclose(logged, mean + small.bodies[:, 31, 3], rtol=1e-5)


def test_people_are_picked_in_the_order_asked_for(small: EmbeddedPeople) -> None:
    users, days = np.array([4, 0, 4]), np.array([20, 30, 40])
    people = small.people_at(users)
    np.testing.assert_array_equal(people.traits, small.people.traits[[4, 0, 4]])
    np.testing.assert_array_equal(people.logging.day_loss, small.people.logging.day_loss[users])
    losses = small.losses_before(users, days)
    assert losses.day_lost.tolist() == small.day_lost[[4, 0, 4], [19, 29, 39]].tolist()
    body: Body = small.body_at(users, days)
    assert body.fatigue.tolist() == small.bodies[[4, 0, 4], [20, 30, 40], 1].tolist()


def test_a_deep_copy_is_the_thing_itself(small: EmbeddedPeople) -> None:
    assert copy.deepcopy({"dataset": small})["dataset"] is small
    assert copy.deepcopy(small.dataset) is small.dataset


# The cache ------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    embedded._load.cache_clear()
    folder = tmp_path / "cache"
    monkeypatch.setenv(CACHE_VARIABLE, str(folder))
    yield folder
    embedded._load.cache_clear()


def test_a_second_load_reads_what_the_first_wrote(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_embedded(TINY)
    assert load_embedded(TINY) is first
    (folder,) = cache.iterdir()  # one folder, and no scratch beside it
    assert folder.name.startswith("embedded-")
    embedded._load.cache_clear()
    monkeypatch.setattr(embedded, "generate", lambda config: pytest.fail("generated again"))
    second = load_embedded(TINY)
    assert second is not first
    assert second.dataset.fingerprint == first.dataset.fingerprint
    np.testing.assert_array_equal(second.true_rows, first.true_rows)
    np.testing.assert_array_equal(second.bodies, first.bodies)
    np.testing.assert_array_equal(second.people.traits, first.people.traits)


def test_the_default_and_its_config_are_the_same_people(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    tiny = generate(TINY)
    monkeypatch.setattr(embedded, "generate", lambda config: made.append(config) or tiny)
    monkeypatch.setattr(embedded, "assemble", lambda config, arrays: object())
    assert load_embedded() is load_embedded(EmbeddedConfig())
    assert made == [EmbeddedConfig()]


def test_each_config_has_a_folder_of_its_own(cache: Path) -> None:
    load_embedded(TINY)
    load_embedded(EmbeddedConfig(users=3, days=60, seed=6))
    assert len(list(cache.iterdir())) == 2


def test_a_failed_write_leaves_nothing_behind(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = np.save

    def full_disk(path: Path, array: np.ndarray, **options: bool) -> None:
        if path.name == "traits.npy":
            raise OSError("no space left")
        real(path, array, **options)

    monkeypatch.setattr(embedded.np, "save", full_disk)
    with pytest.warns(UserWarning, match="no space left"):
        people = load_embedded(TINY)
    assert people.dataset.users == 3
    assert list(cache.iterdir()) == []


def test_an_interrupted_write_leaves_nothing_behind(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(embedded.np, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load_embedded(TINY)
    assert list(cache.iterdir()) == []


def test_a_folder_that_cannot_be_written_warns_and_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded._load.cache_clear()
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv(CACHE_VARIABLE, str(blocked / "below"))
    with pytest.warns(UserWarning, match=CACHE_VARIABLE):
        people = load_embedded(TINY)
    np.testing.assert_array_equal(people.true_rows, generate(TINY)["true_rows"])
    embedded._load.cache_clear()


def test_losing_the_race_to_another_process_is_fine(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays = generate(TINY)
    folder = cache / "embedded-x"

    def by_another(path: Path, digest: object = None) -> dict[str, str]:
        (folder / "done").mkdir(parents=True, exist_ok=True)
        raise OSError("taken")

    monkeypatch.setattr(embedded, "_digests", by_another)
    embedded._store(folder, TINY, arrays)
    assert [path.name for path in cache.iterdir()] == ["embedded-x"]
    assert [path.name for path in folder.iterdir()] == ["done"]


@pytest.mark.parametrize("name", ["true_rows.npy", "observed.npy", "traits.npy", "config.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_cache_is_made_anew(cache: Path, name: str, damage: str) -> None:
    whole = load_embedded(TINY)
    (folder,) = cache.iterdir()
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 4
    (folder / name).unlink()  # what is mapped stays as it is
    if damage != "remove":
        (folder / name).write_bytes(data if damage == "flip" else data[:-40])
    embedded._load.cache_clear()
    again = load_embedded(TINY)
    np.testing.assert_array_equal(again.true_rows, whole.true_rows)
    np.testing.assert_array_equal(again.people.traits, whole.people.traits)
    embedded._load.cache_clear()
    assert embedded._read(folder, TINY) is not None  # it was mended on the disk, too
    assert list(cache.iterdir()) == [folder]


def test_without_a_home_people_live_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    embedded._load.cache_clear()
    assert cache_folder() is None
    assert load_embedded(TINY).dataset.users == TINY.users
    embedded._load.cache_clear()


def test_more_people_than_memory_holds_are_refused() -> None:
    with pytest.raises(ConfigError, match="at most"):
        EmbeddedConfig(users=10**6, days=1000)


def test_another_version_is_generated_anew(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_embedded(TINY)
    embedded._load.cache_clear()
    monkeypatch.setattr(embedded, "GENERATOR_VERSION", embedded.GENERATOR_VERSION + 1)
    load_embedded(TINY)
    assert len(list(cache.glob("embedded-*"))) == 2


def test_a_cache_of_other_sizes_is_not_taken(tmp_path: Path) -> None:
    """Even where every checksum is right."""
    for users, days in ((13, 120), (12, 121), (11, 120)):
        other = EmbeddedConfig(users=users, days=days, seed=3)
        folder = tmp_path / f"{users}-{days}"
        embedded._store(folder, other, generate(other))
        assert embedded._read(folder, other) is not None
        assert embedded._read(folder, EmbeddedConfig(users=12, days=120, seed=3)) is None
