"""An imagined day beside the nets: compiled loops before them and behind them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from human_wm_env.compiled import compiled, stamp
from human_wm_env.model import inputs, memory
from human_wm_env.person import actions, missingness, schema
from human_wm_env.person.actions import Day
from human_wm_env.person.noise import NEXT_WEATHER, SHARED_UNIFORMS
from human_wm_env.person.noise import columns as noise_columns
from human_wm_env.person.weather import draw_loop as draw_weather_loop
from human_wm_env.runtime import transition_head
from human_wm_env.runtime.folded_inputs import (
    CONTEXT,
    POLICY_CONTEXT,
    POLICY_WIDTH,
    ROW_KNOWN,
    STATES_KNOWN,
    SUMS_WIDTH,
    TRANSITION_WIDTH,
    WEATHER,
    WEEKDAY,
)

_ACTIONS, _STATES = len(inputs.ACTION_ORDER), len(inputs.STATE_ORDER)
#: where the noise of a day is: of the person's own habit, of the states and of the mask
NORMAL_COLUMNS, NORMALS = noise_columns(0, habit=_ACTIONS, state=_STATES)
UNIFORM_COLUMNS, UNIFORMS = noise_columns(
    SHARED_UNIFORMS, habit=_ACTIONS, state=1 + _STATES, mask=missingness.UNIFORMS
)
_WEATHERS = np.arange(len(inputs.WEATHER_COLUMNS))


def _make_begin() -> Callable[..., None]:
    """Return the loop of `begin_inputs`; its constants are locals, see `compiled`."""
    averages, known_at, at = memory.AVERAGES, STATES_KNOWN.start, CONTEXT.start
    weekday_at, one_at = at + WEEKDAY.start, CONTEXT.stop - 1
    floor, states = np.float32(memory.WEIGHT_FLOOR), inputs.STATE_ORDER
    weekdays = schema.weekday_features(np.array([*range(schema.DAYS_PER_WEEK), -1]))

    @compiled
    def begin(
        sums: np.ndarray,
        encoded: np.ndarray,
        known: np.ndarray,
        weekday: np.ndarray,
        out: np.ndarray,
    ) -> None:
        for row in range(encoded.shape[0]):
            for slot in range(out.shape[1]):
                out[row, slot] = encoded[row, slot]
        for slot in range(out.shape[1]):
            for place, state in enumerate(states):
                out[known_at + place, slot] = known[state, slot]
            out[weekday_at, slot] = weekdays[weekday[slot], 0]
            out[weekday_at + 1, slot] = weekdays[weekday[slot], 1]
            out[one_at, slot] = 1.0
        for row in range(averages):
            for slot in range(out.shape[1]):
                weight = sums[averages + row, slot]
                out[at + row, slot] = sums[row, slot] / (weight + floor)
                out[at + averages + row, slot] = weight

    return begin


def _make_set_actions() -> Callable[..., None]:
    """Return the loop of `set_actions`."""
    # The schema's order begins with the numbers that are decided, and ends with the mood.
    numbers = schema.HEART_RATE
    features = [schema.continuous(index) for index in range(numbers)]
    centres = np.array([feature.centre for feature in features], dtype=np.float32)
    scales = np.array([feature.scale for feature in features], dtype=np.float32)
    at = {index: part.start for index, part in schema.ROW_SLICES.items()}
    first, last = at[schema.HEART_RATE] + 1, at[schema.MOOD]
    at_workout, at_weather, at_location = (
        at[index] for index in (schema.WORKOUT, schema.WEATHER, schema.LOCATION)
    )

    @compiled
    def write(
        encoded: np.ndarray,
        day: np.ndarray,
        workout: np.ndarray,
        location: np.ndarray,
        weather: np.ndarray,
    ) -> None:
        for row in range(numbers):
            for slot in range(encoded.shape[1]):
                encoded[row, slot] = (day[row, slot] - centres[row]) / scales[row]
        for row in range(first, last):
            for slot in range(encoded.shape[1]):
                encoded[row, slot] = 0.0
        for slot in range(encoded.shape[1]):
            encoded[at_workout + workout[slot], slot] = 1.0
            encoded[at_weather + weather[slot], slot] = 1.0
            encoded[at_location + location[slot], slot] = 1.0

    return write


def _make_set_states() -> Callable[..., None]:
    """Return the loop of `set_states`."""
    rate_at, mood_at = (schema.ROW_SLICES[i].start for i in (schema.HEART_RATE, schema.MOOD))
    moods, feature = schema.FEATURES[schema.MOOD].width, schema.continuous(schema.HEART_RATE)
    centre, scale = np.float32(feature.centre), np.float32(feature.scale)

    @compiled
    def write(encoded: np.ndarray, heart_rate: np.ndarray, mood: np.ndarray) -> None:
        for slot in range(encoded.shape[1]):
            encoded[rate_at, slot] = (heart_rate[slot] - centre) / scale
            for which in range(moods):
                encoded[mood_at + which, slot] = which == mood[slot]

    return write


def _make_remember() -> Callable[..., None]:
    """Return the loop that moves the memory on, as `memory.remember` does."""
    averages, signals, taus = memory.AVERAGES, memory.SIGNALS, len(memory.TAUS_DAYS)
    decay = np.ascontiguousarray(memory.DECAY[:, 0])
    share = np.float32(1.0) - decay
    # Columns of the encoded row, one for a number, one for each category of the workout.
    parts = [schema.ROW_SLICES[index] for index in memory.SIGNAL_FEATURES]
    first = np.array([part.start for part in parts])
    width = np.array([part.stop - part.start for part in parts])
    worth = np.ones((signals, width.max()), dtype=np.float32)
    worth[memory.SIGNAL_FEATURES.index(schema.WORKOUT)] = memory.WORKOUT_TABLE

    @compiled
    def move(sums: np.ndarray, encoded: np.ndarray, moved: np.ndarray) -> None:
        # Slots are innermost: a processor takes eight at once.
        slots = moved.shape[1]
        today = np.empty(slots, dtype=np.float32)
        for signal in range(signals):
            for slot in range(slots):
                today[slot] = 0.0
            for column in range(width[signal]):
                for slot in range(slots):
                    today[slot] += worth[signal, column] * encoded[first[signal] + column, slot]
            for tau in range(taus):
                row = tau * signals + signal
                for slot in range(slots):
                    moved[row, slot] = decay[tau] * sums[row, slot] + share[tau] * today[slot]
                row += averages
                for slot in range(slots):
                    moved[row, slot] = decay[tau] * sums[row, slot] + share[tau]

    return move


begin_loop, set_actions_loop = _make_begin(), _make_set_actions()
set_states_loop, remember_loop = _make_set_states(), _make_remember()


def _make_begin_day() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Return the loop `begin_day`; its constants are locals, see `compiled`."""
    called = stamp(actions.decode_loop, begin_loop, set_actions_loop)
    features, width = schema.FEATURE_COUNT, TRANSITION_WIDTH

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
        begin_loop(sums, encoded, known, weekday, net_inputs)
        set_actions_loop(net_inputs, row, labels[0], labels[1], weather)
        return net_inputs, row

    return begin_day


def _make_end_day() -> Callable[..., tuple[np.ndarray, ...]]:
    """Return the loop `end_day`."""
    called = stamp(
        transition_head.disagree_loop,
        transition_head.respond_loop,
        set_states_loop,
        remember_loop,
        missingness.lose_loop,
        draw_weather_loop,
    )
    row_width, sums_width = schema.ROW_WIDTH, SUMS_WIDTH
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
            members: float32 (members, outputs, slots), outputs of the transition nets.
            drawn_from: of `transition_head.drawn_from`, as the next one.
            mood_shift: float32 (2, moods, members).
            plan: of the states' HeadLayout.
            components: of the same.
            scales: `sampling.FEATURES`.
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
        set_states_loop(encoded, rate, mood)
        moved = np.empty((sums_width, slots), dtype=np.float32)
        remember_loop(sums, encoded, moved)
        observed = np.empty((features, slots), dtype=np.bool_)
        lost_now = np.empty((gaps, slots), dtype=np.bool_)
        missingness.lose_loop(lost, staying, opening, uniform[masks:], lost_now, observed)
        tomorrow = np.empty(slots, dtype=np.intp)
        draw_weather_loop(weathers, weather, uniform[next_weather], tomorrow)
        return encoded.T, moved.T, observed.T, lost_now.T, disagreement, tomorrow

    return end_day


begin_day, end_day = _make_begin_day(), _make_end_day()


def begin_inputs(
    sums: np.ndarray, encoded_before: np.ndarray, known_before: np.ndarray, weekday: np.ndarray
) -> np.ndarray:
    """Return the transition net's inputs with yesterday's row, (TRANSITION_WIDTH, slots).

    Args:
        sums: float32 (slots, SUMS_WIDTH), the memory at wake-up.
        encoded_before: float32 (slots, ROW_WIDTH), yesterday, zero where not known.
        known_before: bool (slots, 10), what is known of it.
        weekday: int (slots,), of today, -1 if unknown.
    """
    result = np.empty((TRANSITION_WIDTH, len(weekday)), dtype=np.float32)
    begin_loop(sums.T, encoded_before.T, known_before.T, weekday, result)
    return result


def policy_inputs(
    known_before: np.ndarray,
    begun: np.ndarray,
    weather: np.ndarray,
) -> np.ndarray:
    """Return what the policy net is given, float32 (slots, POLICY_WIDTH).

    Args:
        known_before: bool (slots, 10), what is known of yesterday.
        begun: from `begin_inputs`.
        weather: int (slots,), today's.
    """
    result = np.empty((POLICY_WIDTH, len(weather)), dtype=np.float32)
    result[: schema.ROW_WIDTH] = begun[: schema.ROW_WIDTH]
    result[ROW_KNOWN] = known_before.T
    result[POLICY_CONTEXT] = begun[CONTEXT]
    result[WEATHER] = _WEATHERS[:, None] == weather
    return result.T


def set_actions(encoded: np.ndarray, day: Day, weather: np.ndarray) -> None:
    """Write what is decided of a day, encoded; the states are left as they are.

    Args:
        encoded: float32 (at least ROW_WIDTH, slots), columns.
        day: its actions are within the schema's bounds.
        weather: int (slots,), known.
    """
    set_actions_loop(encoded, day.columns, day.workout, day.location, weather)


def set_states(encoded: np.ndarray, heart_rate: np.ndarray, mood: np.ndarray) -> None:
    """Write the states of a day into its encoded row.

    Args:
        encoded: float32 (at least ROW_WIDTH, slots), columns.
        heart_rate: float32 (slots,), bpm.
        mood: int (slots,).
    """
    set_states_loop(encoded, heart_rate, mood)
