"""People who live their own days, and an agent that may send them a nudge each morning."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from gymnasium import spaces

from human_wm_env.errors import ConfigError, InvalidActionError
from human_wm_env.nudge.compliance import (
    Compliance,
    ComplianceSource,
    ComplianceTraits,
    Receptivity,
    compliance_of,
    receptivity,
)
from human_wm_env.nudge.nudges import Nudges, NudgeSource, read_nudges
from human_wm_env.nudge.state import NudgeState
from human_wm_env.person import schema
from human_wm_env.person.actions import ACTION_WIDTH
from human_wm_env.random_streams import FOR_COMPLIANCE, Stream, draw_noise
from human_wm_env.worlds.person_state import PersonState
from human_wm_env.worlds.person_world import PersonWorld
from human_wm_env.worlds.starts import PersonStart
from human_wm_env.worlds.world import Options, Transition, World

BURDEN = "burden"
# What a day's burden costs: a nudge, whose burden adds up to 1 over the days, takes as much of
# the reward as a hundredth of a perfect day.
BURDEN_WEIGHT = -0.01
_COMPLY, _QUIT = range(2)


class NudgeWorld(World[NudgeState, PersonStart]):
    """Send people one nudge a day, or nothing; they may follow it, ignore it, or quit.

    ## Observation
    That of the people (see `Env`), and after it:

    | name | width | what |
    |---|---|---|
    | burden | 1 | exponential mean of the nudges sent, over days |
    | habituation | 1 | the same over weeks |
    | sent | nudges | the last nudge, one-hot, 0 for nothing |
    | answer | 2 | seen that it was followed; seen that it was not; 0 0 where the tracker lost it |
    | followed_share | 1 | (1 + followed) / (2 + answered), of the answers that were seen |

    ## Action
    Discrete: 0 sends nothing, k the k-th nudge.

    ## Order of a day
    Weekday and weather are known, the nudge is sent, the person decides whether to follow it, lives
    the day that they had planned, changed by the nudge if so and moved onto the feasible set, and
    may quit at its end.

    ## Reward
    The components of people and `burden`, that of the day in [0, 1], whose weight is negative.

    ## End
    Terminated when the person quits; truncated after `horizon` days.

    ## Info
    That of people, and `sent` (the action) and `complied`, which holds what is true, seen or not.

    Args:
        people: whom; their own habit decides, so their adherence has to be 0.
        nudges: see `read_nudges`.
        compliance: see `compliance_of`.

    Attributes:
        people: the world of the people.
        nudges: what may be sent.
        compliance: who complies.
    """

    branches = PersonWorld.branches
    whole_options = PersonWorld.whole_options
    step_info = PersonWorld.step_info
    render_modes = PersonWorld.render_modes
    component_bounds = PersonWorld.component_bounds
    component_names = (*PersonWorld.component_names, BURDEN)
    default_weights: Mapping[str, float] = MappingProxyType(
        {**PersonWorld.default_weights, BURDEN: BURDEN_WEIGHT}
    )

    def __init__(
        self,
        people: PersonWorld[Any],
        nudges: Nudges | NudgeSource = None,
        compliance: ComplianceSource = "default",
    ) -> None:
        if people.adherence != 0.0:
            raise ConfigError(
                "people who live by their own habit, adherence 0",
                f"adherence {people.adherence}",
                "Their compliance says how often they follow a nudge.",
            )
        self.people = people
        self.nudges = nudges if isinstance(nudges, Nudges) else read_nudges(nudges)
        self.compliance: Compliance = compliance_of(compliance)
        self.horizon = people.horizon
        self.dataset = people.dataset
        self.action_space = spaces.Discrete(len(self.nudges.names))
        parts = dict(people.observation_parts)
        stop = people.observation_space.shape[0]
        widths = {BURDEN: 1, "habituation": 1, "sent": len(self.nudges), "answer": 2}
        for name, width in (widths | {"followed_share": 1}).items():
            parts[name] = slice(stop, stop + width)
            stop += width
        self.observation_parts = parts
        more = stop - people.observation_space.shape[0]
        low = np.concatenate([people.observation_space.low, np.zeros(more, dtype=np.float32)])
        high = np.concatenate([people.observation_space.high, np.ones(more, dtype=np.float32)])
        self.observation_space = spaces.Box(low, high, dtype=np.float32)

    # Starts: those of the people -------------------------------------------------------

    def draw_start(self, rng: np.random.Generator) -> PersonStart:
        """Draw a person, a day and a branch; see `PersonWorld.draw_start`."""
        return self.people.draw_start(rng)

    def at_branch(self, start: PersonStart, branch: int) -> PersonStart:
        """Return the same person and day in another of their futures."""
        return self.people.at_branch(start, branch)

    def start_from(
        self, options: Sequence[Options], drawn: Sequence[PersonStart]
    ) -> list[PersonStart]:
        """Apply reset options; see `PersonWorld.start_from`."""
        return self.people.start_from(options, drawn)

    def user_name(self, index: int) -> str:
        """Return a person's id; "" for -1, a log that the caller gave."""
        return self.people.user_name(index)

    def render(self, trail: Sequence[NudgeState], mode: str, slot: int = 0) -> np.ndarray | str:
        """Draw a slot's days so far; see `PersonWorld.render`."""
        return self.people.render([state.person for state in trail], mode, slot)

    # Days -------------------------------------------------------------------------------

    def reset(
        self, starts: Sequence[PersonStart], streams: Sequence[Stream]
    ) -> tuple[NudgeState, np.ndarray]:
        """Begin an episode per start: of people whom nobody has nudged yet."""
        person, seen = self.people.reset(starts, streams)
        slots = len(starts)
        state = NudgeState(
            person=person,
            own=self.traits(starts),
            burden=np.zeros(slots, dtype=np.float32),
            habituation=np.zeros(slots, dtype=np.float32),
            sent=np.zeros(slots, dtype=np.intp),
            complied=np.zeros(slots, dtype=bool),
            shown=np.zeros(slots, dtype=bool),
            followed_seen=np.zeros(slots, dtype=np.intp),
            answers_seen=np.zeros(slots, dtype=np.intp),
            uniform=self.noise(streams),
        )
        return state, self._observe(state, seen)

    def traits(self, starts: Sequence[PersonStart]) -> ComplianceTraits:
        """Return the compliance of the people who begin there; no agent sees it."""
        return self.compliance.people([self._key(start) for start in starts], self.nudges)

    def _key(self, start: PersonStart) -> str:
        """Return who somebody is, whichever world they are in: their id, or their log's hash."""
        if start.history is None:
            return self.dataset.user_ids[start.user]
        log = (start.history.rows, start.history.observed, start.history.weekday)
        return hashlib.sha256(b"".join(part.tobytes() for part in log)).hexdigest()

    def noise(self, streams: Sequence[Stream]) -> np.ndarray:
        """Return the noise of complying and quitting, float32 (slots, horizon, 2), in [0, 1)."""
        return draw_noise(streams, self.horizon, 0, 2, FOR_COMPLIANCE)[1]

    def reseed(self, state: NudgeState, streams: Sequence[Stream]) -> NudgeState:
        """Return the same people, with other noise in the days to come; see World.reseed."""
        person = self.people.reseed(state.person, streams)
        return replace(state, person=person, uniform=self.noise(streams))

    def receptivity(self, state: NudgeState) -> Receptivity:
        """Return what people are open to on the day to be decided."""
        person = state.person
        # The first row is the log's, of which masked cells are blank; later ones are complete.
        mood = person.row[:, schema.MOOD]
        known = person.observed[:, schema.MOOD] | (person.elapsed > 0)
        return receptivity(
            np.where(known, mood, -1), person.forecast, state.burden, state.habituation
        )

    def step(self, state: NudgeState, actions: np.ndarray) -> Transition[NudgeState]:
        """Send everybody their nudge and let the day pass; see World.step."""
        sent = self._checked(state, actions)
        model, nudges = self.compliance, self.nudges
        days = np.minimum(state.person.elapsed, self.horizon - 1)
        noise = state.uniform[np.arange(len(sent)), days]
        likely = model.probability(state.own, self.receptivity(state), nudges, sent)
        complied = noise[:, _COMPLY] < likely
        burden, habituation = model.after(state.burden, state.habituation, sent)
        today = live(self.people, nudges, state.person, np.where(complied, sent, 0))
        shown = nudges.shown(sent, today.state.observed)
        after = NudgeState(
            person=today.state,
            own=state.own,
            burden=burden,
            habituation=habituation,
            sent=sent,
            complied=complied,
            shown=shown,
            followed_seen=state.followed_seen + (shown & complied),
            answers_seen=state.answers_seen + shown,
            uniform=state.uniform,
        )
        return Transition(
            state=after,
            observation=self._observe(after, today.observation),
            components=np.column_stack([today.components, burden]),
            terminated=noise[:, _QUIT] < model.hazard(state.own, burden),
            extras={**today.extras, **self._answers(after)},
        )

    def _checked(self, state: NudgeState, actions: np.ndarray) -> np.ndarray:
        if actions.shape != state.sent.shape:
            raise InvalidActionError(
                f"actions of shape {state.sent.shape}, one per slot of the state",
                f"shape {actions.shape}",
                "Step a state of as many slots: see `worlds.world.take`.",
            )
        return actions.astype(np.intp)

    def info(self, state: NudgeState) -> dict[str, np.ndarray]:
        """Return what is said of people, and `sent` and `complied`."""
        return {**self.people.info(state.person), **self._answers(state)}

    def _answers(self, state: NudgeState) -> dict[str, np.ndarray]:
        return {"sent": state.sent.copy(), "complied": state.complied.copy()}

    def _observe(self, state: NudgeState, people: np.ndarray) -> np.ndarray:
        """Return observations, float32 (slots, width): those of people, and what was sent."""
        kinds = np.arange(1, len(self.nudges.names))
        share = (1.0 + state.followed_seen) / (2.0 + state.answers_seen)
        more = [
            state.burden[:, None],
            state.habituation[:, None],
            state.sent[:, None] == kinds,
            np.column_stack([state.shown & state.complied, state.shown & ~state.complied]),
            share[:, None],
        ]
        return np.concatenate([people, *more], axis=1, dtype=np.float32)


def live(
    people: PersonWorld[Any], nudges: Nudges, state: PersonState[Any], followed: np.ndarray
) -> Transition[PersonState[Any]]:
    """Let people live the days that they planned, changed by the nudges that they follow.

    Args:
        people: their world, of adherence 0.
        nudges: what may be followed.
        state: before the day.
        followed: int (slots,), the nudge that each follows, 0 for none.
    """

    def change(days: np.ndarray, weekday: np.ndarray) -> np.ndarray:
        return nudges.follow(days, followed)

    idle = np.zeros((len(followed), ACTION_WIDTH), dtype=np.float32)
    return people.changed_by(change).step(state, idle)
