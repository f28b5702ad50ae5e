"""A dreamt day beside the nets: one compiled loop before them and one behind them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from human_wm_env.compiled import compiled, stamp
from human_wm_env.model import inputs
from human_wm_env.person import actions, missingness, schema
from human_wm_env.person.noise import NEXT_WEATHER, SHARED_UNIFORMS
from human_wm_env.person.noise import columns as noise_columns
from human_wm_env.person.weather import draw_loop as draw_weather_loop
from human_wm_env.runtime import step, transition_head

_ACTIONS, _STATES = len(inputs.ACTION_ORDER), len(inputs.STATE_ORDER)
#: where the noise of a day is: of the person's own habit, of the states and of the mask
NORMAL_COLUMNS, NORMALS = noise_columns(0, habit=_ACTIONS, state=_STATES)
UNIFORM_COLUMNS, UNIFORMS = noise_columns(
    SHARED_UNIFORMS, habit=_ACTIONS, state=1 + _STATES, mask=missingness.UNIFORMS
)


def _make_begin_day() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Return the loop `begin_day`; its constants are locals, see `compiled`."""
    called = stamp(actions.decode_loop, step.begin_loop, step.set_actions_loop)
    features, width = schema.FEATURE_COUNT, step.TRANSITION_WIDTH

    @compiled
    def begin_day(
        action: np.ndarray,
        sums: np.ndarray,
        encoded: np.ndarray,
        known: np.ndarray,
        weekday: np.ndarray,
        weather: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Begin a day that the agent decides.

        Args:
            action: float32 (7, slots), checked.
            sums: float32 (SUMS_WIDTH, slots), the memory at wake-up.
            encoded: float32 (ROW_WIDTH, slots), yesterday, zero where not known.
            known: bool (10, slots), what is known of it.
            weekday: int (slots,), of the day, -1 if unknown.
            weather: int (slots,), of the day, known.

        Returns:
            The transition net's inputs, float32 (TRANSITION_WIDTH, slots), and the raw row with
            what was decided, float32 (10, slots).
        """
        assert called
        slots = action.shape[1]
        row = np.zeros((features, slots), dtype=np.float32)
        labels = np.empty((2, slots), dtype=np.intp)
        actions.decode_loop(action, row, labels)
        net_inputs = np.empty((width, slots), dtype=np.float32)
        step.begin_loop(sums, encoded, known, weekday, net_inputs)
        step.set_actions_loop(net_inputs, row, labels[0], labels[1], weather)
        return net_inputs, row

    return begin_day


def _make_end_day() -> Callable[..., tuple[np.ndarray, ...]]:
    """Return the loop `end_day`."""
    called = stamp(
        transition_head.disagree_loop,
        transition_head.respond_loop,
        step.set_states_loop,
        step.remember_loop,
        missingness.lose_loop,
        draw_weather_loop,
    )
    row_width, sums_width = schema.ROW_WIDTH, step.SUMS_WIDTH
    features, gaps = schema.FEATURE_COUNT, missingness.UNIFORMS
    at_weather, at_rate, at_mood = schema.WEATHER, schema.HEART_RATE, schema.MOOD
    states, drawn = NORMAL_COLUMNS["state"].start, UNIFORM_COLUMNS["state"].start
    masks, next_weather = UNIFORM_COLUMNS["mask"].start, NEXT_WEATHER

    @compiled
    def end_day(
        members: np.ndarray,
        drawn_from: np.ndarray,
        mood_shift: np.ndarray,
        plan: np.ndarray,
        components: int,
        scales: np.ndarray,
        least_scale: float,
        temperature: float,
        normal: np.ndarray,
        uniform: np.ndarray,
        net_inputs: np.ndarray,
        row: np.ndarray,
        sums: np.ndarray,
        opening: np.ndarray,
        staying: np.ndarray,
        lost: np.ndarray,
        weather: np.ndarray,
        weathers: np.ndarray,
        uncertain: bool,
    ) -> tuple[np.ndarray, ...]:
        """Draw what comes of a day.

        Args:
            members: float32 (members, outputs, slots), what the transition nets say.
            drawn_from: of `responding.drawn_from`, as the next one.
            mood_shift: float32 (2, moods, members).
            plan: of the states' HeadLayout.
            components: of the same.
            scales: `drawing.FEATURES`.
            least_scale: `heads.MIN_SCALE`.
            temperature: tau of the dream.
            normal: float32 (NORMALS, slots), the day's noise.
            uniform: float32 (UNIFORMS, slots), likewise.
            net_inputs: from `begin_day`.
            row: from `begin_day`; weather and states are written into it.
            sums: float32 (SUMS_WIDTH, slots), the memory at wake-up.
            opening: float32 (11, slots), see `MaskChain`, as the next two.
            staying: float32 (11, slots).
            lost: bool (11, slots), of yesterday.
            weather: int (slots,), of the day.
            weathers: `WeatherChain.shares`.
            uncertain: work out the disagreement, which is 0 otherwise.

        Returns:
            Batch-first: the encoded row, the memory, what is observed, the gaps, (slots, k)
            each, the disagreement, and tomorrow's weather, (slots,).
        """
        assert called
        slots = len(weather)
        rate, mood = np.empty(slots, dtype=np.float32), np.empty(slots, dtype=np.intp)
        disagreement = np.zeros(slots, dtype=np.float32)
        if uncertain:
            transition_head.disagree_loop(members, components, plan[1, 1], plan[1, 4], disagreement)
        transition_head.respond_loop(
            drawn_from,
            mood_shift,
            plan,
            components,
            scales,
            temperature,
            normal[states:],
            uniform[drawn:],
            least_scale,
            rate,
            mood,
        )
        for slot in range(slots):
            row[at_weather, slot] = weather[slot]
            row[at_rate, slot] = rate[slot]
            row[at_mood, slot] = mood[slot]
        encoded = net_inputs[:row_width].copy()
        step.set_states_loop(encoded, rate, mood)
        moved = np.empty((sums_width, slots), dtype=np.float32)
        step.remember_loop(sums, encoded, moved)
        observed = np.empty((features, slots), dtype=np.bool_)
        lost_now = np.empty((gaps, slots), dtype=np.bool_)
        missingness.lose_loop(lost, staying, opening, uniform[masks:], lost_now, observed)
        tomorrow = np.empty(slots, dtype=np.intp)
        draw_weather_loop(weathers, weather, uniform[next_weather], tomorrow)
        return encoded.T, moved.T, observed.T, lost_now.T, disagreement, tomorrow

    return end_day


begin_day, end_day = _make_begin_day(), _make_end_day()
