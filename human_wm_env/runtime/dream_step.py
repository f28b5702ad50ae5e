"""An imagined day of the transition nets: compiled loops before them and behind them."""

from __future__ import annotations

import numpy as np

from human_wm_env.compiled import compiled, inlined
from human_wm_env.model import inputs, memory
from human_wm_env.person import actions, missingness, schema
from human_wm_env.person.noise import NEXT_WEATHER, SHARED_UNIFORMS
from human_wm_env.person.noise import columns as noise_columns
from human_wm_env.person.weather import draw_loop as draw_weather_loop
from human_wm_env.response.carried import Carried
from human_wm_env.runtime import sampling
from human_wm_env.runtime.disagreement import disagree_loop
from human_wm_env.runtime.dream_state import Begun, DreamDays, DreamState, ImaginedDay
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
from human_wm_env.runtime.modulation import Modulation
from human_wm_env.runtime.world_model import WorldModelRuntime

_ACTIONS, _STATES = len(inputs.ACTION_ORDER), len(inputs.STATE_ORDER)
#: where the noise of a day is: of the person's own habit, of the states and of the mask
NORMAL_COLUMNS, NORMALS = noise_columns(0, habit=_ACTIONS, state=_STATES)
UNIFORM_COLUMNS, UNIFORMS = noise_columns(
    SHARED_UNIFORMS, habit=_ACTIONS, state=1 + _STATES, mask=missingness.UNIFORMS
)
_WEATHERS = np.arange(len(inputs.WEATHER_COLUMNS))
_STATE_ORDER = np.array(inputs.STATE_ORDER)
_STATE_LIST = list(inputs.STATE_ORDER)
#: features of a day that stand before its states: what is decided, and the weather
DECIDED = np.array(sorted((*schema.ACTION_FEATURES, *schema.CONTEXT_FEATURES)))
STATES = np.array(schema.STATE_FEATURES)
EVERYTHING = np.arange(schema.FEATURE_COUNT)
_FIRST = np.array([part.start for part in schema.ROW_SLICES.values()])
_CATEGORIES = np.array([len(getattr(each, "categories", ())) for each in schema.FEATURES])
_AT_KNOWN, _AT_AVERAGES, _AT_ONE = STATES_KNOWN.start, CONTEXT.start, CONTEXT.stop - 1
_AT_WEEKDAY = CONTEXT.start + WEEKDAY.start


@inlined
def begin_loop(
    sums: np.ndarray,
    encoded: np.ndarray,
    known: np.ndarray,
    weekday: np.ndarray,
    out: np.ndarray,
) -> None:
    """Write the inputs with yesterday's row; see `begin_inputs`, of which these are columns."""
    for row in range(encoded.shape[0]):
        for slot in range(out.shape[1]):
            out[row, slot] = encoded[row, slot]
    for slot in range(out.shape[1]):
        for place in range(len(_STATE_ORDER)):
            out[_AT_KNOWN + place, slot] = known[_STATE_ORDER[place], slot]
        out[_AT_WEEKDAY, slot] = schema.WEEKDAY_TABLE[weekday[slot], 0]
        out[_AT_WEEKDAY + 1, slot] = schema.WEEKDAY_TABLE[weekday[slot], 1]
        out[_AT_ONE, slot] = 1.0
    for row in range(memory.AVERAGES):
        for slot in range(out.shape[1]):
            weight = sums[memory.AVERAGES + row, slot]
            average = sums[row, slot] / (weight + np.float32(memory.WEIGHT_FLOOR))
            out[_AT_AVERAGES + row, slot] = average
            out[_AT_AVERAGES + memory.AVERAGES + row, slot] = weight


@compiled
def encode_loop(encoded: np.ndarray, day: np.ndarray, features: np.ndarray) -> None:
    """Write some features of days, encoded; the others are left as they are.

    Args:
        encoded: float32 (at least ROW_WIDTH, slots), columns.
        day: float32 (10, slots), raw, within the schema's bounds.
        features: int (k,), `DECIDED` or `STATES`.
    """
    for place in range(len(features)):
        index = features[place]
        first, categories = _FIRST[index], _CATEGORIES[index]
        if categories == 0:
            centre, scale = schema.CENTRES[index], schema.SCALES[index]
            for slot in range(encoded.shape[1]):
                encoded[first, slot] = (day[index, slot] - centre) / scale
            continue
        for row in range(first, first + categories):
            for slot in range(encoded.shape[1]):
                encoded[row, slot] = np.float32(0.0)
        for slot in range(encoded.shape[1]):
            encoded[first + int(day[index, slot]), slot] = np.float32(1.0)


# How the signals of the memory are read off an encoded row: one column for a number, one for each
# category of the workout.
_DECAY = np.ascontiguousarray(memory.DECAY[:, 0])
_SHARE = np.float32(1.0) - _DECAY
_TAUS = len(memory.TAUS_DAYS)
_SIGNAL_FIRST = _FIRST[list(memory.SIGNAL_FEATURES)]
_SIGNAL_WIDTH = np.array([schema.FEATURES[index].width for index in memory.SIGNAL_FEATURES])
_SIGNAL_VALUES = np.ones((memory.SIGNALS, _SIGNAL_WIDTH.max()), dtype=np.float32)
_SIGNAL_VALUES[memory.SIGNAL_FEATURES.index(schema.WORKOUT)] = memory.WORKOUT_TABLE


@inlined
def remember_loop(sums: np.ndarray, encoded: np.ndarray, moved: np.ndarray) -> None:
    """Move the memory, (SUMS_WIDTH, slots), on by a fully known day; see `memory.remember`."""
    # Slots are innermost: a processor takes eight at once.
    slots = moved.shape[1]
    today = np.empty(slots, dtype=np.float32)
    for signal in range(memory.SIGNALS):
        for slot in range(slots):
            today[slot] = 0.0
        for column in range(_SIGNAL_WIDTH[signal]):
            value, row = _SIGNAL_VALUES[signal, column], _SIGNAL_FIRST[signal] + column
            for slot in range(slots):
                today[slot] += value * encoded[row, slot]
        for tau in range(_TAUS):
            row = tau * memory.SIGNALS + signal
            for slot in range(slots):
                moved[row, slot] = _DECAY[tau] * sums[row, slot] + _SHARE[tau] * today[slot]
            row += memory.AVERAGES
            for slot in range(slots):
                moved[row, slot] = _DECAY[tau] * sums[row, slot] + _SHARE[tau]


_STATE_NORMALS, _STATE_UNIFORMS = NORMAL_COLUMNS["state"].start, UNIFORM_COLUMNS["state"].start
_MASK_UNIFORMS = UNIFORM_COLUMNS["mask"].start


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
    slots = action.shape[1]
    row = np.zeros((schema.FEATURE_COUNT, slots), dtype=np.float32)
    actions.decode_loop(action, row)
    for slot in range(slots):
        row[schema.WEATHER, slot] = weather[slot]
    net_inputs = np.empty((TRANSITION_WIDTH, slots), dtype=np.float32)
    begin_loop(sums, encoded, known, weekday, net_inputs)
    encode_loop(net_inputs, row, DECIDED)
    return net_inputs, row


@compiled
def end_day(
    members: np.ndarray,
    model: tuple[np.ndarray, np.ndarray, np.ndarray, float],
    normal: np.ndarray,
    uniform: np.ndarray,
    net_inputs: np.ndarray,
    row: np.ndarray,
    before: tuple[np.ndarray, ...],
    uncertain: bool,
) -> tuple[np.ndarray, ...]:
    """Draw what comes of a day.

    Args:
        members: float32 (members, outputs, slots), outputs of the transition nets.
        model: what does not change: chain and plan for `sampling.respond_loop`,
            `WeatherChain.shares` and the temperature.
        normal: float32 (NORMALS, slots), the day's noise.
        uniform: float32 (UNIFORMS, slots), likewise.
        net_inputs: from `begin_day`.
        row: from `begin_day`; the states are written into it.
        before: of wake-up: the memory, float32 (SUMS_WIDTH, slots), opening and staying of
            `MaskChain`, float32 (11, slots), its lost, bool (11, slots), and the weather of the
            day, int (slots,).
        uncertain: work out the disagreement, which is 0 otherwise.

    Returns:
        Batch-first: the encoded row, the memory, what is observed, the gaps, (slots, k)
        each, the disagreement, and tomorrow's weather, (slots,).
    """
    chain, plan, shares, temperature = model
    sums, opening, staying, lost, today = before
    slots = len(today)
    disagreement = np.zeros(slots, dtype=np.float32)
    if uncertain:
        disagree_loop(members, plan, disagreement)
    sampling.respond_loop(
        members,
        chain,
        plan,
        temperature,
        normal[_STATE_NORMALS:],
        uniform[_STATE_UNIFORMS:],
        row,
    )
    encoded = net_inputs[: schema.ROW_WIDTH].copy()
    encode_loop(encoded, row, STATES)
    moved = np.empty((SUMS_WIDTH, slots), dtype=np.float32)
    remember_loop(sums, encoded, moved)
    observed = np.empty((schema.FEATURE_COUNT, slots), dtype=np.bool_)
    lost_now = np.empty((missingness.UNIFORMS, slots), dtype=np.bool_)
    missingness.lose_loop(lost, staying, opening, uniform[_MASK_UNIFORMS:], lost_now, observed)
    tomorrow = np.empty(slots, dtype=np.intp)
    draw_weather_loop(shares, today, uniform[NEXT_WEATHER], tomorrow)
    return encoded.T, moved.T, observed.T, lost_now.T, disagreement, tomorrow


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


class FilmDays(DreamDays):
    """Days by the ensemble of transition nets.

    Args:
        runtime: with transition nets.
        shares: of the `WeatherChain`.
        temperature: tau of the dream.
    """

    normals = NORMALS

    def __init__(self, runtime: WorldModelRuntime, shares: np.ndarray, temperature: float) -> None:
        self._runtime, self._nets = runtime, runtime.nets
        self._model = (self._nets.chain, self._nets.layout.plan, shares, temperature)
        self._members = runtime.architecture.members if temperature > 0.0 else None

    def begin(
        self, latents: np.ndarray, root: np.ndarray | None, carried: Carried | None
    ) -> Modulation:
        """Return what the latents do to the nets."""
        return self._runtime.transition_modulation(latents)

    def pass_day(
        self,
        state: DreamState,
        calendar: tuple[np.ndarray, np.ndarray],
        action: np.ndarray | None,
        begun: Begun | None,
        noise: tuple[np.ndarray, np.ndarray],
        known: bool,
    ) -> ImaginedDay:
        """See `DreamDays`."""
        (normal, uniform), (weekday, weather) = noise, calendar
        assert isinstance(state.transition, Modulation)
        if begun is None:
            assert action is not None
            begun = begin_day(
                np.ascontiguousarray(action.T),
                state.sums.T,
                state.encoded.T,
                state.known.T,
                weekday,
                weather,
            )
        inputs, row = begun
        members = self._nets.stepping.in_columns(
            inputs.T,
            state.transition,
            None if known else ~state.known[:, _STATE_LIST],
            self._drawn_members(uniform) if action is None else None,
        )
        encoded, sums, observed, lost, uncertainty, tomorrow = end_day(
            members,
            self._model,
            normal.T,
            uniform.T,
            inputs,
            row,
            (
                state.sums.T,
                state.masks.opening.T,
                state.masks.staying.T,
                state.masks.lost.T,
                weather,
            ),
            action is not None,
        )
        return ImaginedDay(
            row.T, encoded, sums, observed, lost, uncertainty, tomorrow, state.transition
        )

    def _drawn_members(self, uniform: np.ndarray) -> np.ndarray | None:
        """Return the members that `end_day` will draw, int (slots,); None where it averages."""
        if self._members is None:
            return None
        drawn = uniform[:, UNIFORM_COLUMNS["state"].start] * np.float32(self._members)
        return np.minimum(drawn.astype(np.int8), self._members - 1)
