"""An imagined day whose states follow a response: what `dream_step` is for the nets."""

from __future__ import annotations

import numpy as np

from human_wm_env.compiled import compiled
from human_wm_env.model import inputs
from human_wm_env.person import actions, missingness, schema
from human_wm_env.person.noise import NEXT_WEATHER
from human_wm_env.person.noise import columns as noise_columns
from human_wm_env.person.weather import draw_loop as draw_weather_loop
from human_wm_env.response import step
from human_wm_env.response.carried import PROCESSES, Carried
from human_wm_env.response.inference import ResponseInference
from human_wm_env.response.parameters import CONTEXT_WIDTH, STATES
from human_wm_env.response.state import ResponseModel, ResponseState
from human_wm_env.runtime import dream_step
from human_wm_env.runtime.dream_state import Begun, DreamDays, DreamState, ImaginedDay
from human_wm_env.runtime.dream_step import DECIDED, NORMAL_COLUMNS, UNIFORM_COLUMNS
from human_wm_env.runtime.encoder import response_latents
from human_wm_env.runtime.folded_inputs import SUMS_WIDTH
from human_wm_env.runtime.world_model import WorldModelRuntime

_OWN, RESPONSE_NORMALS = noise_columns(dream_step.NORMALS, noise=len(STATES) * PROCESSES)
#: where the white noise of the states begins, and that of the processes
_WHITE, _NOISE = NORMAL_COLUMNS["state"].start, _OWN["noise"].start
_MASK_UNIFORMS = UNIFORM_COLUMNS["mask"].start
_NUMBERS = len(STATES) * PROCESSES
assert tuple(inputs.STATE_ORDER) == STATES  # whose noise comes first


@compiled
def begin_response_day(action: np.ndarray, weather: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Begin a day that the agent decides.

    Args:
        action: float32 (7, slots), checked.
        weather: int (slots,), of the day, known.

    Returns:
        What was decided: encoded, float32 (ROW_WIDTH, slots), and raw, float32 (10, slots).
    """
    slots = action.shape[1]
    row = np.zeros((schema.FEATURE_COUNT, slots), dtype=np.float32)
    actions.decode_loop(action, row)
    for slot in range(slots):
        row[schema.WEATHER, slot] = weather[slot]
    encoded = np.empty((schema.ROW_WIDTH, slots), dtype=np.float32)
    dream_step.encode_loop(encoded, row, DECIDED)
    return encoded, row


@compiled
def end_response_day(
    model: tuple[tuple[np.ndarray, ...], tuple[float, float, float], bool, int, np.ndarray, float],
    normal: np.ndarray,
    uniform: np.ndarray,
    begun: tuple[np.ndarray, np.ndarray],
    person: tuple[np.ndarray, ...],
    calendar: tuple[np.ndarray, np.ndarray, np.ndarray],
    before: tuple[np.ndarray, ...],
    uncertain: bool,
) -> tuple[np.ndarray, ...]:
    """Draw what comes of a day.

    Args:
        model: arrays, numbers, `morning_states` and `rate_width` of the ResponseModel,
            `WeatherChain.shares` and the temperature.
        normal: float32 (RESPONSE_NORMALS, slots), the day's noise.
        uniform: float32 (UNIFORMS, slots), likewise.
        begun: encoded and raw, from `begin_response_day`; the states are written into both.
        person: coefficients, doubt, usual and noise_scale of the ResponseState, (k, slots).
        calendar: int (slots,): weekday of the day, -1 if unknown, its weather, and the weather
            of the day before, -1 if unknown.
        before: of wake-up: memory, noise and noise_root of the ResponseState, (k, slots), the
            policy's memory, float32 (SUMS_WIDTH, slots), and opening and staying of `MaskChain`,
            float32 (11, slots), and its lost, bool (11, slots).
        uncertain: work out the uncertainty, which is 0 otherwise.

    Returns:
        Batch-first: memory and noise of the ResponseState, the policy's memory, what is observed,
        the gaps, (slots, k) each, the uncertainty, and tomorrow's weather, (slots,).
    """
    arrays, numbers, morning_states, rate_width, shares, temperature = model
    channels, decay, weather_share, cutpoints, persistence = arrays
    encoded, row = begun
    coefficients, doubt, usual, noise_scale = person
    weekday, weather, weather_before = calendar
    memory, noise, noise_root, sums, opening, staying, lost = before
    slots = len(weekday)
    basis = np.empty((step.WIDTH, slots), dtype=np.float32)
    step.basis_loop(row, basis)
    context = np.empty((CONTEXT_WIDTH, slots), dtype=np.float32)
    step.context_loop(weekday, weather, weather_before, weather_share, context)
    remembered = np.empty_like(memory)
    found = np.empty((len(memory) // 2, slots), dtype=np.float32)
    step.remember_channels_loop(
        basis, channels, usual, decay, morning_states, memory, remembered, found
    )
    columns = np.empty((len(coefficients), slots), dtype=np.float32)
    step.join_columns_loop(context, found, len(decay), rate_width, columns)
    moved = np.empty((_NUMBERS, slots), dtype=np.float32)
    step.noise_loop(
        noise, noise_root, persistence, noise_scale, normal[_NOISE:], temperature, moved
    )
    latent_mood = np.empty(slots, dtype=np.float32)
    step.states_loop(
        columns,
        coefficients,
        moved,
        (cutpoints, numbers, rate_width, temperature),
        noise_scale,
        normal[_WHITE:],
        row,
        latent_mood,
    )
    uncertainty = np.zeros(slots, dtype=np.float32)
    if uncertain:
        step.doubt_loop(columns, doubt, latent_mood, cutpoints, numbers[1], rate_width, uncertainty)
    dream_step.encode_loop(encoded, row, dream_step.STATES)
    policy_sums = np.empty((SUMS_WIDTH, slots), dtype=np.float32)
    dream_step.remember_loop(sums, encoded, policy_sums)
    observed = np.empty((schema.FEATURE_COUNT, slots), dtype=np.bool_)
    lost_now = np.empty((missingness.UNIFORMS, slots), dtype=np.bool_)
    missingness.lose_loop(lost, staying, opening, uniform[_MASK_UNIFORMS:], lost_now, observed)
    tomorrow = np.empty(slots, dtype=np.intp)
    draw_weather_loop(shares, weather, uniform[NEXT_WEATHER], tomorrow)
    return remembered.T, moved.T, policy_sums.T, observed.T, lost_now.T, uncertainty, tomorrow


class ResponseDays(DreamDays):
    """Days by a response.

    Args:
        response: of the checkpoint.
        shares: of the `WeatherChain`.
        temperature: tau of the dream.
        uncertainty: work it out on days that are decided; it is 0 otherwise.
    """

    normals = RESPONSE_NORMALS

    def __init__(
        self,
        response: ResponseInference,
        shares: np.ndarray,
        temperature: float,
        *,
        uncertainty: bool = True,
    ) -> None:
        self._uncertainty = uncertainty
        model = self._response = ResponseModel.of(response.parameters)
        self._model = (
            model.arrays,
            model.numbers,
            model.morning_states,
            model.rate_width,
            shares,
            temperature,
        )
        self._steady_root = np.empty((8, 0), dtype=np.float32).T

    def begin(
        self, latents: np.ndarray, root: np.ndarray | None, carried: Carried | None
    ) -> ResponseState:
        """Return coefficients, memory and noise of drawn people."""
        assert root is not None and carried is not None
        drawn = response_latents(latents, root.shape[1])
        return self._response.begin(drawn, root if self._uncertainty else None, carried)

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
        before = state.transition
        assert isinstance(before, ResponseState)
        if begun is None:
            assert action is not None
            encoded, row = begin_response_day(np.ascontiguousarray(action.T), weather)
        else:
            encoded, row = begun[0][: schema.ROW_WIDTH], begun[1]
        masks = state.masks
        memory, moved, sums, observed, lost, uncertainty, tomorrow = end_response_day(
            self._model,
            normal.T,
            uniform.T,
            (encoded, row),
            (before.coefficients.T, before.doubt.T, before.usual.T, before.noise_scale.T),
            (weekday, weather, before.weather),
            (
                before.memory.T,
                before.noise.T,
                before.noise_root.T,
                state.sums.T,
                masks.opening.T,
                masks.staying.T,
                masks.lost.T,
            ),
            action is not None and self._uncertainty,
        )
        after = ResponseState(
            coefficients=before.coefficients,
            doubt=before.doubt,
            usual=before.usual,
            noise_scale=before.noise_scale,
            memory=memory,
            noise=moved,
            noise_root=self._steady(len(moved)),
            weather=weather,
        )
        return ImaginedDay(row.T, encoded.T, sums, observed, lost, uncertainty, tomorrow, after)

    def _steady(self, slots: int) -> np.ndarray:
        """Return the root of the innovations, (slots, 8): the same object, never written to."""
        steady = self._steady_root
        if len(steady) != slots:  # another thread may step other sizes
            flat = self._response.steady_root.reshape(-1, 1)
            steady = np.ascontiguousarray(np.broadcast_to(flat, (len(flat), slots))).T
            self._steady_root = steady
        return steady


def days_of(
    runtime: WorldModelRuntime, shares: np.ndarray, temperature: float, *, uncertainty: bool = True
) -> DreamDays:
    """Return the days of a checkpoint's kind.

    Args:
        runtime: of the checkpoint.
        shares: of the `WeatherChain`.
        temperature: tau of the dream.
        uncertainty: see `DreamWorld`.
    """
    if runtime.response is None:
        return dream_step.FilmDays(runtime, shares, temperature)
    return ResponseDays(runtime.response, shares, temperature, uncertainty=uncertainty)
