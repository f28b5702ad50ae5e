"""Planning by predictions against a search through all sequences of actions."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from agents.transformer.planning import Planner
from agents.transformer.settings import PlanningConfig, ReinforceConfig

PAYS = torch.tensor([0.0, 0.7, 0.3])
GAMMA = 0.8


@dataclass
class Trace:
    """A memory of the states on the way, (futures, steps)."""

    seen: Tensor

    def take(self, index: Tensor) -> Trace:
        return Trace(self.seen[index])


class Numbers:
    """A state is a number: action a leads to half of it plus a, and pays PAYS[a] less a tenth."""

    log_std = torch.zeros(1)

    def imagine(self, states: Tensor, before: Tensor, memory: Trace, led: Tensor) -> Tensor:
        assert memory.seen.shape[0] == len(states) == len(before)
        return torch.cat([states[:, None].expand(-1, led.shape[1], -1), led], dim=-1)

    def world_model_head(self, asked: Tensor) -> Tensor:
        state, action = asked[..., 0], asked[..., 1:].argmax(dim=-1)
        return torch.stack([0.5 * state + action, PAYS[action] - 0.1 * state], dim=-1)

    def look(self, states: Tensor, led: Tensor, memory: Trace) -> Tensor:
        assert memory.seen.shape[0] == len(states) == len(led)
        return states

    def advance(self, states: Tensor, led: Tensor, memory: Trace) -> tuple[Tensor, Trace]:
        return states, Trace(torch.cat([memory.seen, states], dim=1))

    def value_head(self, read: Tensor) -> Tensor:
        return torch.sin(3.0 * read)


CHOICES: Any = SimpleNamespace(
    continuous=False,
    width=3,
    encode=lambda actions: torch.nn.functional.one_hot(actions, 3).to(torch.float32),
)
STATES = torch.tensor([[0.2], [1.4], [-2.0], [5.0]])


def chosen(depth: int, beam: int) -> list[int]:
    config = ReinforceConfig(gamma=GAMMA, planning=PlanningConfig(depth=depth, beam=beam))
    planner = Planner(Numbers(), CHOICES, config, binary=False)  # type: ignore[arg-type]
    found = planner.choose(
        *(STATES, torch.zeros(4, 3), Trace(torch.zeros(4, 1)), torch.zeros(4, 3)),  # type: ignore[arg-type]
        rng=torch.Generator(),
    )
    return found.tolist()


def worth(state: float, actions: tuple[int, ...]) -> float:
    total = 0.0
    for step, action in enumerate(actions):
        total += GAMMA**step * (float(PAYS[action]) - 0.1 * state)
        state = 0.5 * state + action
    return total + GAMMA ** len(actions) * math.sin(3.0 * state)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_wide_beam_finds_the_best_sequence(depth: int) -> None:
    best = [
        max(itertools.product(range(3), repeat=depth), key=lambda seq, s=state: worth(s, seq))[0]
        for state in STATES[:, 0].tolist()
    ]
    assert chosen(depth, 27) == best


@pytest.mark.parametrize("beam", [1, 2])
def test_a_narrow_beam_follows_the_most_promising(beam: int) -> None:
    expected = []
    for state in STATES[:, 0].tolist():
        kept: list[tuple[int, ...]] = [()]
        for depth in range(3):
            longer = [(*each, action) for each in kept for action in range(3)]
            longer.sort(key=lambda actions: -worth(state, actions))
            kept = longer[: beam if depth < 2 else 1]
        expected.append(kept[0][0])
    assert chosen(3, beam) == expected


def test_candidates_of_amounts_are_drawn_around_the_head() -> None:
    codec: Any = SimpleNamespace(continuous=True, sample=lambda around, std, rng: around + 1.0)
    config = ReinforceConfig(planning=PlanningConfig(depth=1, actions=5))
    planner = Planner(Numbers(), codec, config, binary=False)  # type: ignore[arg-type]
    output = torch.tensor([[0.5, 1.0], [2.0, 3.0]])
    found = planner._candidates(output, torch.Generator())
    assert found.shape == (2, 5, 2)
    assert found[:, 0].tolist() == output.tolist()  # what the head says is among them
    assert (found[:, 1:] == output[:, None] + 1.0).all()
