"""Rules by hand, and computed returns against slow enumeration."""

from __future__ import annotations

import itertools
from fractions import Fraction

import gymnasium as gym
import numpy as np
import pytest

from human_wm_env.errors import ConfigError
from human_wm_env.symbolic.conditional import ConditionalWorld
from human_wm_env.symbolic.delayed_recall import DelayedRecallWorld
from human_wm_env.symbolic.detour import DetourWorld, expected_arrivals
from human_wm_env.symbolic.hidden_rule import HiddenRuleWorld
from human_wm_env.symbolic.sequence_next import SequenceNextWorld
from tests.human_wm_env.symbolic.test_worlds import vector_of


def test_the_rules_of_the_cues() -> None:
    world = ConditionalWorld()
    assert world.answers[:, 3].tolist() == [3, 4, 4, 7]
    assert world.answers[:, 7].tolist() == [7, 0, 0, 3]
    assert "cue 2: the answer to x is 8 - 1 - x" in world.task


@pytest.mark.parametrize("env_id", ["PatternEcho-v0", "Conditional-v0"])
def test_whoever_knows_the_rule_is_always_right(env_id: str) -> None:
    env = vector_of(env_id, 50)
    env.reset(seed=1)
    world = env.world
    assert isinstance(world, ConditionalWorld)
    for _ in range(world.horizon):
        now = world.encode(env.state)
        cue = now.get("cue", np.zeros(50, dtype=int))
        assert env.step(world.answers[cue, now["shown"]])[1].all()


def test_the_next_element_of_a_sequence() -> None:
    world = SequenceNextWorld(length=4, horizon=3)
    world.sequence = np.array([0, 1, 0, 2])
    # From the last symbol: after 0 half, after 1 and 2 always. From two: always.
    assert world.references().memoryless == 3 * 0.75
    assert world.references().optimal == 0.75 + 1.0 + 1.0
    assert world.references().random == 3 / 8


def test_a_recall_is_judged_at_the_end_alone() -> None:
    env = gym.make("DelayedRecall-v0", delay=3)
    seen, _ = env.reset(seed=2)
    target = int(seen[3:11].argmax())
    rewards = []
    for _ in range(4):
        seen, reward, *_ = env.step(target)
        rewards.append(reward)
    assert rewards == [0.0, 0.0, 0.0, 1.0]
    assert seen.tolist() == [0.0] * 11 + [1.0]
    assert DelayedRecallWorld(symbols=4).references().memoryless == 0.25


def slow_hidden_rule(symbols: int, decisions: int) -> Fraction:
    """Best return by a search over everything that can be remembered."""

    def best(rules: list[tuple[int, ...]], left: int) -> Fraction:
        if left == 0:
            return Fraction(0)
        total = Fraction(0)
        for target in range(symbols):
            options = []
            for action in range(symbols):
                value = Fraction(0)
                for result in range(symbols):
                    still = [rule for rule in rules if rule[action] == result]
                    if still:
                        share = Fraction(len(still), len(rules))
                        value += share * ((result == target) + best(still, left - 1))
                options.append(value)
            total += max(options)
        return total / symbols

    return best(list(itertools.permutations(range(symbols))), decisions)


@pytest.mark.parametrize(("symbols", "decisions"), [(2, 3), (3, 1), (3, 3), (4, 2)])
def test_the_optimum_of_the_hidden_rule(symbols: int, decisions: int) -> None:
    found = HiddenRuleWorld(symbols=symbols, decisions=decisions).references()
    assert found.optimal == pytest.approx(float(slow_hidden_rule(symbols, decisions)))
    assert found.memoryless == decisions / symbols


def slow_detour(symbols: int, horizon: int) -> Fraction:
    """Best return with two rooms, by a search over everything that can be remembered."""
    world = DetourWorld(symbols=symbols, horizon=horizon)

    def best(place: int, doors: list[tuple[int, ...]], left: int) -> Fraction:
        if left == 0:
            return Fraction(0)
        if place >= 2:
            return best(0 if place == 2 else place - 3, doors, left - 1)
        options = []
        for action in range(symbols):
            value = Fraction(0)
            for right in (True, False):
                still = [door for door in doors if (door[place] == action) == right]
                if still:
                    there = place + 1 if right else 3 + place
                    share = Fraction(len(still), len(doors))
                    value += share * ((there == 2) + best(there, still, left - 1))
            options.append(value)
        return max(options)

    return best(0, list(itertools.product(range(symbols), repeat=world.rooms)), horizon)


@pytest.mark.parametrize(("symbols", "horizon"), [(2, 6), (2, 9), (3, 7), (3, 9)])
def test_the_optimum_of_the_detour(symbols: int, horizon: int) -> None:
    found = DetourWorld(symbols=symbols, horizon=horizon).references()
    assert found.optimal == pytest.approx(float(slow_detour(symbols, horizon)))


def upper_hull(values: np.ndarray) -> np.ndarray:
    """Return the concave envelope, on its grid, of values on an even grid over [0, 1]."""
    points: list[int] = []
    for i in range(len(values)):
        while len(points) > 1:
            a, b = points[-2:]
            if (values[b] - values[a]) * (i - a) > (values[i] - values[a]) * (b - a):
                break
            points.pop()
        points.append(i)
    return np.interp(np.arange(len(values)), points, values[points])


def test_no_memoryless_policy_of_the_detour_is_better() -> None:
    """The doors' probabilities average 1/8: no policy beats the concave envelope there."""
    world, grid = DetourWorld(), np.linspace(0.0, 1.0, 161)  # 1/8 is on it
    table = np.array([[expected_arrivals((p, q), world.horizon) for q in grid] for p in grid])
    first = np.stack([upper_hull(column) for column in table.T], axis=1)
    bound = upper_hull(first[20])[20]
    found = world.references()
    assert found.memoryless <= bound + 1e-9
    assert bound < 1.01 * found.memoryless
    assert bound < 0.6 * found.optimal


def test_doors_and_dead_ends() -> None:
    env = vector_of("Detour-v0", 1)
    env.reset(seed=0)
    first, second = env.world.hidden_rule(env.state)[0]
    wrong = (first + 1) % 8
    places = [int(env.step(np.array([a]))[0][0].argmax()) for a in (wrong, 0, first, second, 0)]
    assert places == [3, 0, 1, 2, 0]


def test_where_the_rule_has_a_say() -> None:
    for env_id, expected in (
        ("HiddenRule-v0", [True, False, True, False]),
        ("DelayedRecall-v0", [False] * 5 + [True]),
        ("Conditional-v0", [True] * 4),
    ):
        env = vector_of(env_id, 1)
        env.reset(seed=0)
        found = []
        for _ in expected:
            found.append(bool(env.world.decisive(env.state)[0]))
            env.step(np.array([0]))
        assert found == expected
    env = vector_of("Detour-v0", 1)
    env.reset(seed=0)
    wrong = (env.world.hidden_rule(env.state)[0, 0] + 1) % 8
    assert env.world.decisive(env.state)[0]
    env.step(np.array([wrong]))
    assert not env.world.decisive(env.state)[0]


def test_several_open_doors() -> None:
    env, one = vector_of("Detour-v0", 500, open_doors=3), vector_of("Detour-v0", 500)
    env.reset(seed=0), one.reset(seed=0)
    leads_on = env.state.leads_on
    assert (leads_on.sum(axis=2) == 3).all()
    assert (leads_on & one.state.leads_on).any(axis=2).all()  # the same door, and others
    assert np.abs(leads_on.mean(axis=(0, 1)) - 3 / 8).max() < 0.06
    actions = np.arange(500) % 8
    assert np.array_equal(env.step(actions)[0][:, 1] == 1.0, leads_on[np.arange(500), 0, actions])
    with pytest.raises(ConfigError, match="open_doors=1"):
        DetourWorld(open_doors=3).references()
    with pytest.raises(ConfigError, match="at least 8"):
        DetourWorld(open_doors=3, horizon=7)


def test_seen_and_unseen_rules_have_nothing_in_common() -> None:
    def rules(which: str) -> set[tuple[int, ...]]:
        env = vector_of("HiddenRule-v0", 3000, symbols=4, rules=which)
        env.reset(seed=0)
        return {tuple(rule) for rule in env.state.rule.tolist()}

    seen, unseen = rules("seen"), rules("unseen")
    assert not seen & unseen
    assert seen | unseen == rules("all") == set(itertools.permutations(range(4)))
    with pytest.raises(ConfigError, match='rules="all"'):
        HiddenRuleWorld(rules="seen").references()
