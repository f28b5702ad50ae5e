"""One imagined day of a response: channels of the day, memory, noise, and both states, compiled.

Slots are innermost: a processor takes eight at once. Learned channels of both states stand side by
side, as in `Carried`.
"""

from __future__ import annotations

import numpy as np

from human_wm_env.compiled import inlined
from human_wm_env.person import feasible, schema
from human_wm_env.response.basis import (
    KCAL_UNIT,
    LONG_NIGHT_HOURS,
    MANY_KCAL,
    MANY_MINUTES,
    MANY_STEPS,
    OF_NIGHT,
    SHORT_NIGHT_HOURS,
    VERY_LONG_NIGHT_HOURS,
    WIDTH,
)
from human_wm_env.response.carried import PROCESSES
from human_wm_env.response.parameters import (
    CONTEXT_WIDTH,
    FRIDAY,
    FRIDAY_SHARE,
    MOOD_ORDER,
    STATES,
    WEATHERS,
    WEEKEND_SHARE,
)
from human_wm_env.response.state import MOOD, RATE

_COUNT = len(STATES)
_KINDS = np.array([k for k, name in enumerate(schema.categories(schema.WORKOUT)) if name != "None"])
_KCAL_OF_KIND = feasible.KCAL_TABLE[_KINDS]
_PLACES = schema.FEATURES[schema.LOCATION].width - 1
_NIGHT_COLUMNS = int(OF_NIGHT.sum())
_MOOD_OF_LEVEL = np.array(MOOD_ORDER)
_LEVELS = len(MOOD_ORDER)
_SATURDAY = 5
_FEW = 4  # up to here slots by themselves are faster than side by side
_RATE_LOW, _RATE_HIGH = schema.LOWS[schema.HEART_RATE], schema.HIGHS[schema.HEART_RATE]
_DENSITY_AT_0 = 1.0 / np.sqrt(2.0 * np.pi)


@inlined
def basis_loop(row: np.ndarray, basis: np.ndarray) -> None:
    """Write `basis.daily_basis` of whole days: float32 (10, slots) and (WIDTH, slots)."""
    first_kind = 8
    first_product = first_kind + len(_KINDS)
    first_place = first_product + len(_KINDS)
    first_many = first_place + _PLACES
    of_workout = first_many + len(MANY_STEPS) + 1
    kcal = np.empty(row.shape[1], dtype=np.float32)
    for slot in range(row.shape[1]):
        sleep = row[schema.SLEEP, slot]
        basis[0, slot] = sleep - np.float32(7.0)
        basis[1, slot] = min(sleep - np.float32(SHORT_NIGHT_HOURS), np.float32(0.0))
        basis[2, slot] = max(sleep - np.float32(LONG_NIGHT_HOURS), np.float32(0.0))
        basis[3, slot] = max(sleep - np.float32(VERY_LONG_NIGHT_HOURS), np.float32(0.0))
        minutes = row[schema.MINUTES, slot] / np.float32(60.0)
        basis[4, slot] = minutes
        basis[5, slot] = row[schema.STEPS, slot] / np.float32(5000.0)
        basis[6, slot] = row[schema.DISTANCE, slot] / np.float32(4.0)
        basis[7, slot] = row[schema.CALORIES, slot] / np.float32(500.0)
        beyond = minutes - np.float32(MANY_MINUTES / 60.0)
        basis[of_workout - 1, slot] = max(beyond, np.float32(0.0))
        basis[of_workout, slot] = 0.0
        walked = np.float32(feasible.KCAL_PER_STEP) * row[schema.STEPS, slot]
        kcal[slot] = walked + np.float32(feasible.KCAL_PER_MINUTE) * row[schema.MINUTES, slot]
    for place in range(len(_KINDS)):
        for slot in range(row.shape[1]):
            done = np.float32(row[schema.WORKOUT, slot] == _KINDS[place])
            basis[first_kind + place, slot] = done
            basis[first_product + place, slot] = done * basis[4, slot]
            basis[of_workout, slot] += done * basis[5, slot]
            kcal[slot] += done * _KCAL_OF_KIND[place]
    for place in range(_PLACES):
        for slot in range(row.shape[1]):
            basis[first_place + place, slot] = row[schema.LOCATION, slot] == place + 1
    for place in range(len(MANY_STEPS)):
        many = np.float32(MANY_STEPS[place] / 5000.0)
        for slot in range(row.shape[1]):
            basis[first_many + place, slot] = max(basis[5, slot] - many, np.float32(0.0))
    for place in range(len(MANY_KCAL)):
        for slot in range(row.shape[1]):
            beyond = kcal[slot] - np.float32(MANY_KCAL[place])
            basis[of_workout + 1 + place, slot] = max(beyond, np.float32(0.0)) / np.float32(
                KCAL_UNIT
            )


@inlined
def context_loop(
    weekday: np.ndarray,
    weather: np.ndarray,
    weather_before: np.ndarray,
    share: np.ndarray,
    context: np.ndarray,
) -> None:
    """Write 1, weekday and weather: `parameters.context_columns`, float32 (CONTEXT_WIDTH, slots).

    Args:
        weekday: int (slots,), -1 if unknown.
        weather: int (slots,), of the day.
        weather_before: int (slots,), of the day before, -1 if unknown.
        share: float32 (3,), how common each weather but the first is.
        context: to be written.
    """
    for slot in range(context.shape[1]):
        known = np.float32(weekday[slot] >= 0)
        context[0, slot] = 1.0
        context[1, slot] = known * (np.float32(weekday[slot] >= _SATURDAY) - WEEKEND_SHARE)
        context[2, slot] = known * (np.float32(weekday[slot] == FRIDAY) - FRIDAY_SHARE)
        known_before = np.float32(weather_before[slot] >= 0)
        for place in range(WEATHERS):
            today = np.float32(weather[slot] == place + 1)
            before = np.float32(weather_before[slot] == place + 1)
            context[3 + place, slot] = today - share[place]
            context[3 + WEATHERS + place, slot] = known_before * (before - share[place])


@inlined
def remember_channels_loop(
    basis: np.ndarray,
    channels: np.ndarray,
    usual: np.ndarray,
    decay: np.ndarray,
    morning_states: bool,
    memory: np.ndarray,
    moved: np.ndarray,
    found: np.ndarray,
) -> None:
    """Move the memory of channels on by a day; see `basis.remembered`.

    Args:
        basis: float32 (WIDTH, slots), of the day.
        channels: float32 (WIDTH, channels), over the basis' standard deviations.
        usual: float32 (2 * channels, slots), of the person: night, then day.
        decay: float32 (taus,); if the first is 0, the others' averages are of the days before.
        morning_states: states are measured after the night, before the other actions.
        memory: float32 (2 * taus * channels, slots): night, then day; of the evening before.
        moved: the same of this evening, to be written.
        found: float32 (taus * channels, slots), what the states of the day find, to be written.
    """
    count, slots = channels.shape[1], basis.shape[1]
    days = len(decay) * count
    night, day = np.empty(slots, dtype=np.float32), np.empty(slots, dtype=np.float32)
    for channel in range(count):
        for slot in range(slots):
            night[slot] = -usual[channel, slot]
            day[slot] = -usual[count + channel, slot]
        for place in range(_NIGHT_COLUMNS):
            weight = channels[place, channel]
            for slot in range(slots):
                night[slot] += weight * basis[place, slot]
        for place in range(_NIGHT_COLUMNS, WIDTH):
            weight = channels[place, channel]
            for slot in range(slots):
                day[slot] += weight * basis[place, slot]
        for tau in range(len(decay)):
            row, kept = tau * count + channel, decay[tau]
            share, before = np.float32(1.0) - kept, tau > 0 and decay[0] == 0.0
            for slot in range(slots):
                after_night = kept * memory[row, slot] + share * night[slot]
                after_day = kept * memory[days + row, slot] + share * day[slot]
                seen_night = memory[row, slot] if before else after_night
                seen_day = memory[days + row, slot] if before or morning_states else after_day
                moved[row, slot] = after_night
                moved[days + row, slot] = after_day
                found[row, slot] = seen_night + seen_day


@inlined
def join_columns_loop(
    context: np.ndarray, found: np.ndarray, taus: int, rate_width: int, columns: np.ndarray
) -> None:
    """Write the columns of both states, one below the other, float32 (columns, slots)."""
    count = len(found) // taus
    of_rate = (rate_width - CONTEXT_WIDTH) // taus
    row = 0
    for state in range(_COUNT):
        first = 0 if state == RATE else of_rate
        last = of_rate if state == RATE else count
        for place in range(CONTEXT_WIDTH):
            for slot in range(context.shape[1]):
                columns[row, slot] = context[place, slot]
            row += 1
        for tau in range(taus):
            for channel in range(first, last):
                for slot in range(context.shape[1]):
                    columns[row, slot] = found[tau * count + channel, slot]
                row += 1


@inlined
def noise_loop(
    noise: np.ndarray,
    root: np.ndarray,
    persistence: np.ndarray,
    scale: np.ndarray,
    normal: np.ndarray,
    temperature: float,
    moved: np.ndarray,
) -> None:
    """Move the noise on by a day.

    Args:
        noise: float32 (4, slots), processes of both states, state-major.
        root: float32 (8, slots), of what is new in them: (state, process, process).
        persistence: float32 (2, 2), (state, process).
        scale: float32 (2, slots), personal.
        normal: float32 (4, slots).
        temperature: tau of the dream.
        moved: float32 (4, slots), to be written.
    """
    for state in range(_COUNT):
        for process in range(PROCESSES):
            row, kept = state * PROCESSES + process, persistence[state, process]
            for slot in range(noise.shape[1]):
                new = np.float32(0.0)
                for other in range(process + 1):
                    new += (
                        root[row * PROCESSES + other, slot]
                        * normal[state * PROCESSES + other, slot]
                    )
                new *= np.float32(temperature) * scale[state, slot]
                moved[row, slot] = kept * noise[row, slot] + new


@inlined
def doubt_loop(
    columns: np.ndarray,
    doubt: np.ndarray,
    latent_mood: np.ndarray,
    cutpoints: np.ndarray,
    rate_scale_bpm: float,
    rate_width: int,
    uncertainty: np.ndarray,
) -> None:
    """Write how little is known about what to expect of the day, given its noise.

    The mean over the states of standard deviations of what is expected: of the heart rate in
    scales, and of the shares of the moods, averaged over these; by the posterior of coefficients.

    Args:
        columns: float32 (columns, slots), of both states.
        doubt: float32 (rows * columns, slots): R with R'R the covariance of coefficients.
        latent_mood: float32 (slots,), expected; the day's noise but its white part is in it.
        cutpoints: float32 (3,).
        rate_scale_bpm: of the heart rate on the response's own scale.
        rate_width: see `ResponseModel`.
        uncertainty: float32 (slots,), to be written.
    """
    slots, edges = columns.shape[1], (0, rate_width, len(columns))
    rows = len(doubt) // len(columns)
    rate_scale = np.float32(rate_scale_bpm / schema.SCALES[schema.HEART_RATE] / _COUNT)
    shift = np.empty(slots, dtype=np.float32)
    total = np.zeros((_COUNT, slots), dtype=np.float32)
    for row in range(rows if slots > _FEW else 0):
        for state in range(_COUNT):
            for slot in range(slots):
                shift[slot] = 0.0
            for place in range(edges[state], edges[state + 1]):
                for slot in range(slots):
                    shift[slot] += doubt[row * len(columns) + place, slot] * columns[place, slot]
            for slot in range(slots):
                total[state, slot] += shift[slot] * shift[slot]
    for slot in range(slots if slots <= _FEW else 0):
        for state in range(_COUNT):
            for row in range(rows):
                first, summed = row * len(columns), np.float32(0.0)
                for place in range(edges[state], edges[state + 1]):
                    summed += doubt[first + place, slot] * columns[place, slot]
                total[state, slot] += summed * summed
    for slot in range(slots):
        below, moved = np.float32(0.0), np.float32(0.0)
        for level in range(_LEVELS):
            above = np.float32(0.0)
            if level < len(cutpoints):
                apart = cutpoints[level] - latent_mood[slot]
                above = np.float32(_DENSITY_AT_0) * np.exp(np.float32(-0.5) * apart * apart)
            moved += abs(below - above)
            below = above
        mood = moved * np.sqrt(total[MOOD, slot]) / np.float32(_LEVELS * _COUNT)
        uncertainty[slot] = rate_scale * np.sqrt(total[RATE, slot]) + mood


@inlined
def states_loop(
    columns: np.ndarray,
    coefficients: np.ndarray,
    noise: np.ndarray,
    model: tuple[np.ndarray, tuple[float, float, float], int, float],
    scale: np.ndarray,
    normal: np.ndarray,
    row: np.ndarray,
    latent_mood: np.ndarray,
) -> None:
    """Draw both states of a day.

    Args:
        columns: float32 (columns, slots), of both states.
        coefficients: likewise.
        noise: float32 (4, slots), of the day.
        model: cutpoints, float32 (3,); numbers and rate_width, see `ResponseModel`; temperature.
        scale: float32 (2, slots), personal, of the noise.
        normal: float32 (2, slots), white noise of the heart rate and of the mood.
        row: float32 (10, slots), raw; the states are written.
        latent_mood: float32 (slots,), to be written: without its white noise.
    """
    cutpoints, numbers, rate_width, temperature = model
    slots = columns.shape[1]
    rate = np.zeros(slots, dtype=np.float32)
    for slot in range(slots):
        rate[slot] = noise[0, slot] + noise[1, slot]
        latent_mood[slot] = noise[PROCESSES, slot] + noise[PROCESSES + 1, slot]
    for place in range(rate_width):
        for slot in range(slots):
            rate[slot] += columns[place, slot] * coefficients[place, slot]
    for place in range(rate_width, len(columns)):
        for slot in range(slots):
            latent_mood[slot] += columns[place, slot] * coefficients[place, slot]
    centre, rate_scale = np.float32(numbers[0]), np.float32(numbers[1])
    white, tau = np.float32(numbers[2] * temperature), np.float32(temperature)
    for slot in range(slots):
        bpm = centre + rate_scale * (rate[slot] + white * scale[RATE, slot] * normal[RATE, slot])
        row[schema.HEART_RATE, slot] = min(max(bpm, _RATE_LOW), _RATE_HIGH)
        latent = latent_mood[slot] + tau * normal[MOOD, slot]
        level = 0
        for place in range(len(cutpoints)):
            level += cutpoints[place] < latent
        row[schema.MOOD, slot] = _MOOD_OF_LEVEL[level]
