"""Judge what a model says of actions on people of other equations, whose truth is known."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.random import SeedSequence, default_rng

from human_wm_cli.console import Row, print_report, run_script, say
from human_wm_cli.run import RunConfig, RunFolder
from human_wm_env.errors import ConfigError
from human_wm_env.person.history import History
from human_wm_env.person.schema import DAYS_PER_WEEK
from human_wm_env.response.effects import policy_effects
from human_wm_env.response.inference import ResponseInference
from human_wm_env.response.parameters import response_logs
from human_wm_env.second_family.effects import POLICIES, REST, exact_effects
from human_wm_env.second_family.people import FamilyPeople, draw_people
from human_wm_env.second_family.reference import reference_effects
from human_wm_env.second_family.simulate import LifeState, begin, lose_cells, policy_row, simulate
from human_wm_env.second_family.structure import (
    HELD_OUT_MEMBERS,
    MEMBERS,
    Structure,
    draw_structure,
)
from human_wm_env.wording import counted_people
from world_model.card.interventions import EffectScore, score_effects, share_of_best_choice
from world_model.training.response import ResponseConfig, train_response
from world_model.training.response_timing import Timing, find_timing

NAME = "interventions"
_FOR_DAYS, _FOR_GAPS, _FOR_DRAWS = 2, 3, 5


@dataclass(frozen=True)
class InterventionsConfig:
    """Settings of the command.

    Attributes:
        members: of the second family; members 5, 6 and 7 are never used to choose settings.
        people: whose logs the model is trained on, of each member.
        judged: new people whose effects are compared with the exact ones.
        days: of each log.
        policy_days: of each constant policy.
        draws: of each person's posterior.
        seed: of people, logs and draws.
        response: how the response is trained.
        run: the folder of the run.
        json: print one JSON object instead of a table.
    """

    members: list[int] = field(default_factory=lambda: list(range(MEMBERS)))
    people: int = 600
    judged: int = 200
    days: int = 500
    policy_days: int = 30
    draws: int = 200
    seed: int = 0
    response: ResponseConfig = field(default_factory=ResponseConfig)
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False

    def __post_init__(self) -> None:
        for member in self.members:
            draw_structure(member)  # refuses what is no member before anything is trained
        if self.judged < 20 or self.people < 20 or self.days < 60 or self.policy_days < 30:
            raise ConfigError(
                "at least 20 people on both sides, 60 days and a policy of 30 days",
                f"people={self.people}, judged={self.judged}, days={self.days}, "
                f"policy_days={self.policy_days}",
                "Raise the number that is too small.",
            )


@dataclass(frozen=True)
class MemberResult:
    """What one member showed.

    Attributes:
        scores: of every policy and state.
        share_of_best_choice: of the model, and of the estimator that knows the equations.
        seconds: of the training.
        milliseconds_a_person: of the inference.
        timing: when states are measured, as the logs say.
        timing_is_right: whether they say the truth.
    """

    scores: list[EffectScore]
    share_of_best_choice: tuple[float | None, float | None]
    seconds: float
    milliseconds_a_person: float
    timing: Timing
    timing_is_right: bool


def judge_member(member: int, config: InterventionsConfig) -> MemberResult:
    """Train on people of a member, and compare effects on new people with the exact ones."""
    structure = draw_structure(member)
    _, _, rows, observed, weekday = _logs(structure, config.people, config, config.seed)
    timing = find_timing(rows, observed, weekday, config.response)
    began = time.monotonic()
    trained = train_response(
        rows, observed, weekday, config.response, morning_states=structure.morning_states
    )
    seconds = time.monotonic() - began
    people, state, rows, observed, weekday = _logs(
        structure, config.judged, config, config.seed + 10_000
    )
    parameters = trained.parameters
    infer = ResponseInference(parameters)
    histories = [History(*own) for own in zip(rows, observed, weekday, strict=True)]
    infer(histories[:1])  # compiles
    began = time.monotonic()
    posterior = infer(histories)
    a_person = 1000.0 * (time.monotonic() - began) / config.judged
    rng = default_rng(SeedSequence([config.seed, member, _FOR_DRAWS]))
    noise = rng.standard_normal((config.judged, config.draws, posterior.mean.shape[1]))
    latents = posterior.mean[:, None] + noise @ posterior.root.transpose(0, 2, 1)
    logs = response_logs(parameters, rows, observed, weekday)
    rest = policy_row(REST)
    estimated = {
        name: policy_effects(
            parameters, logs, latents, policy_row(policy), rest, config.policy_days
        )
        for name, policy in POLICIES.items()
    }
    true = exact_effects(structure, people, state, days=config.policy_days, seed=config.seed)
    reference = reference_effects(
        structure, rows, observed, POLICIES, days=config.policy_days, draws=config.draws
    )
    return MemberResult(
        scores=score_effects(estimated, true, reference),
        share_of_best_choice=(
            share_of_best_choice(estimated, true),
            share_of_best_choice(reference, true),
        ),
        seconds=seconds,
        milliseconds_a_person=a_person,
        timing=timing,
        timing_is_right=timing.morning_states == structure.morning_states,
    )


class _Logs(NamedTuple):
    people: FamilyPeople
    state: LifeState
    rows: np.ndarray
    observed: np.ndarray
    weekday: np.ndarray


def _logs(structure: Structure, count: int, config: InterventionsConfig, seed: int) -> _Logs:
    """Draw people and their logs; masked cells hold 0."""
    people = draw_people(structure, count, seed)
    days, gaps = (
        default_rng(SeedSequence([structure.member, seed, use])) for use in (_FOR_DAYS, _FOR_GAPS)
    )
    simulated = simulate(structure, people, begin(structure, people, seed), config.days, days)
    observed = lose_cells(structure, simulated.rows, gaps)
    rows = np.where(observed, simulated.rows, np.float32(0.0))
    weekday = (simulated.start_weekday[:, None] + np.arange(config.days)) % DAYS_PER_WEEK
    return _Logs(people, simulated.state, rows, observed, weekday)


def main(config: InterventionsConfig) -> None:
    """Judge effects of actions on people of other equations, person by person.

    Example: humanwm interventions members=[0] people=200 judged=60
    """
    with RunFolder(NAME, config, config.run) as run:
        results = {}
        for member in config.members:
            held_out = " (held out)" if member in HELD_OUT_MEMBERS else ""
            say(f"member {member}{held_out}: training on {counted_people(config.people)}")
            results[member] = judge_member(member, config)
        rows: list[Row] = [
            {"member": member, **score.as_row()}
            for member, result in results.items()
            for score in result.scores
        ]
        summary: list[Row] = [
            {
                "member": member,
                "share of the best choice": result.share_of_best_choice[0],
                "reference": result.share_of_best_choice[1],
                "training s": result.seconds,
                "inference ms a person": result.milliseconds_a_person,
                "timing is right": "yes" if result.timing_is_right else "no",
                "morning over evening, nats": result.timing.nats,
            }
            for member, result in results.items()
        ]
        found = {"effects": rows, "members": summary}
        run.write_metrics(found)
        run.table("effects", rows, "Estimated beside exact, over people")
        run.table("members", summary, "Choosing the best policy for each person")
        shares = [each.share_of_best_choice[0] or 0.0 for each in results.values()]
        run.conclude({"share_of_the_best_choice": sum(shares) / len(shares)} if shares else {})
        print_report(
            rows,
            json=config.json,
            title="Effects over a day of rest: estimated beside exact, over people",
            result={"run": str(run.path), **found},
        )
        if not config.json:
            print_report(summary, title="\nChoosing the best policy for each person")


run = partial(run_script, main, InterventionsConfig, NAME)
