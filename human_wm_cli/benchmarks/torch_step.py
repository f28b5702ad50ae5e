"""The dream's step written in torch: the same nets, sampling, memory and reward, batched."""

from __future__ import annotations

import numpy as np
import torch

from human_wm_env.model import memory
from human_wm_env.model.heads import MIN_SCALE
from human_wm_env.person import actions, feasible, rewards, schema
from human_wm_env.runtime import folded_inputs
from human_wm_env.runtime.dream_state import DreamState
from human_wm_env.runtime.modulation import Modulation
from human_wm_env.runtime.world_model import WorldModelRuntime
from human_wm_env.worlds.person_state import PersonState

schema.check_order((schema.HEART_RATE, schema.MOOD), "state")  # what is drawn here
_HEART = schema.continuous(schema.HEART_RATE)
_SLEEP, _MINUTES = schema.continuous(schema.SLEEP), schema.continuous(schema.MINUTES)
_STEPS = schema.continuous(schema.STEPS)
# Features that stand side by side in an encoded row are written in one go.
_SET = (schema.STEPS, schema.CALORIES, schema.DISTANCE, schema.MINUTES, schema.SLEEP)
_NUMBERS = [schema.continuous(index) for index in _SET]
_ROW = schema.ROW_SLICES
_SET_COLUMNS = slice(_ROW[_SET[0]].start, _ROW[_SET[-1]].stop)
_PICKED_COLUMNS = slice(_ROW[schema.WORKOUT].start, _ROW[schema.LOCATION].stop)
_RATE = _ROW[schema.HEART_RATE].start
_WORKOUTS, _LOCATIONS = (schema.FEATURES[i].width for i in (schema.WORKOUT, schema.LOCATION))


class TorchStep:
    """Steps a batch of imagined people with torch, as `DreamWorld` does with NumPy.

    Weekday, weather and masks are drawn, too; the noise is given. Nothing is returned as
    `info`, which the NumPy step does.

    Args:
        runtime: the nets; the state head has one Gaussian.
        state: of the people, with everything known of yesterday.
    """

    def __init__(self, runtime: WorldModelRuntime, state: PersonState[DreamState]) -> None:
        net, inner = runtime.nets.transition, state.inner
        weights = folded_inputs.fold_transition(net.inputs, use_memory=runtime.architecture.memory)
        tensor = torch.as_tensor
        self.first, self.hidden, self.head = tensor(weights), tensor(net.hidden), tensor(net.head)
        modulation = inner.transition
        assert isinstance(modulation, Modulation)
        self.shift, self.gain = tensor(modulation.shift), tensor(modulation.gain)
        self.shift, self.gain = self.shift.contiguous(), self.gain.contiguous()
        self.hidden_bias = tensor(net.hidden_bias)
        self.offset = tensor(modulation.offset).permute(1, 0, 2).contiguous()
        layout = runtime.nets.layout
        self.rate = layout.parameters[schema.HEART_RATE].start
        self.moods = layout.parameters[schema.MOOD]
        chain = tensor(net.chain)
        self.slope, self.known = chain[:, 0, self.moods], chain[:, layout.encoded_width, self.moods]
        table = tensor(runtime.checkpoint.weather_transitions)
        self.weather_table = torch.cumsum(table, 1)
        self.stride, self.kcal = tensor(feasible.STRIDE_TABLE), tensor(feasible.KCAL_TABLE)
        self.workout_kcal = tensor(memory.WORKOUT_TABLE)
        self.decay = tensor(memory.DECAY)
        self.low = torch.tensor([feature.centre for feature in _NUMBERS])
        self.scale = torch.tensor([feature.scale for feature in _NUMBERS])
        self.mood_values = torch.tensor([1.0, 0.6, 0.3, 0.0])
        self.effort = tensor(rewards.effort_weights())
        # Indexed by -1, an unknown weekday, it gives its last row of zeros.
        week = np.array([*range(schema.DAYS_PER_WEEK), -1])
        self.weekdays = tensor(schema.weekday_features(week))
        self.feature = torch.repeat_interleave(
            torch.arange(schema.FEATURE_COUNT),
            torch.tensor([feature.width for feature in schema.FEATURES]),
        )
        self.opening, self.staying = tensor(inner.masks.opening), tensor(inner.masks.staying)
        self.habit, self.baseline = tensor(state.baseline.habit), tensor(state.baseline.heart_rate)
        self.encoded, self.lost = tensor(inner.encoded), tensor(inner.masks.lost)
        self.total, self.weight = tensor(inner.memory.total), tensor(inner.memory.weight)
        self.weekday, self.weather = tensor(state.weekday), tensor(state.forecast).long()
        self.slots = torch.arange(len(self.weekday))

    @torch.no_grad()
    def __call__(
        self, action: torch.Tensor, normal: torch.Tensor, uniform: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return observations (slots, 43) and rewards (slots,) of one day.

        Args:
            action: (slots, 7).
            normal: (slots,), of the heart rate.
            uniform: (slots, 14): member, mood, weather, and eleven of the mask.
        """
        numbers, workout, location = self._decode(action.clamp(-1.0, 1.0))
        slots = self.slots
        encoded = self.encoded.clone()
        encoded[:, _SET_COLUMNS] = (numbers - self.low) / self.scale
        picked = {schema.WORKOUT: workout, schema.WEATHER: self.weather, schema.LOCATION: location}
        encoded[:, _PICKED_COLUMNS] = 0.0
        for feature, category in picked.items():
            encoded[slots, _ROW[feature].start + category] = 1.0
        average = self.total / (self.weight + memory.WEIGHT_FLOOR)
        ones = torch.ones(len(slots), 1)
        parts = [encoded, ones, ones, average.flatten(1), self.weight.flatten(1)]
        inputs = torch.cat([*parts, self.weekdays[self.weekday], ones], dim=1)
        rate, mood, uncertainty = self._respond(inputs, normal, uniform)
        encoded[:, _RATE] = (rate - _HEART.centre) / _HEART.scale
        encoded[:, _ROW[schema.MOOD]] = 0.0
        encoded[slots, _ROW[schema.MOOD].start + mood] = 1.0
        measured = [encoded[:, _ROW[i].start] for i in (schema.STEPS, schema.MINUTES, schema.SLEEP)]
        signals = torch.stack([*measured, self.workout_kcal[workout]], dim=1)[:, None]
        self.total = self.decay * self.total + (1.0 - self.decay) * signals
        self.weight = self.decay * self.weight + (1.0 - self.decay)
        self.encoded = encoded
        self.weekday = (self.weekday + 1) % schema.DAYS_PER_WEEK
        below = self.weather_table[self.weather] <= uniform[:, 2:3]
        self.weather = below.sum(1).clamp_max(len(self.weather_table) - 1)
        self.lost = uniform[:, 3:] < torch.where(self.lost, self.staying, self.opening)
        observed = (~(self.lost[:, :1] | self.lost[:, 1:])).float()
        forecast = torch.nn.functional.one_hot(self.weather, len(self.weather_table))
        shown = [encoded * observed[:, self.feature], observed, self.weekdays[self.weekday]]
        observation = torch.cat([*shown, forecast, ones], dim=1)
        reward = self._reward(numbers[:, schema.SLEEP], rate, mood, encoded) - 0.0 * uncertainty
        return observation, reward

    def _decode(self, unit: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        below, above = 1.0 + unit.clamp_max(0.0), unit.clamp_min(0.0)
        sleep = _SLEEP.low + (_SLEEP.centre - _SLEEP.low) * below[:, actions.A_SLEEP]
        sleep = sleep + (_SLEEP.high - _SLEEP.centre) * above[:, actions.A_SLEEP]
        most = (1440.0 - 60.0 * sleep).clamp_max(_MINUTES.high)
        minutes = _MINUTES.centre * below[:, actions.A_MINUTES]
        minutes = minutes + (most - _MINUTES.centre) * above[:, actions.A_MINUTES]
        most = (feasible.MAX_CADENCE * minutes + feasible.INCIDENTAL_STEPS).clamp_max(_STEPS.high)
        usual = feasible.TYPICAL_CADENCE * minutes
        steps = usual * below[:, actions.A_STEPS] + (most - usual) * above[:, actions.A_STEPS]
        workout = (
            ((unit[:, actions.A_WORKOUT] + 1.0) * (_WORKOUTS / 2)).long().clamp_max(_WORKOUTS - 1)
        )
        location = (
            ((unit[:, actions.A_LOCATION] + 1.0) * (_LOCATIONS / 2))
            .long()
            .clamp_max(_LOCATIONS - 1)
        )
        share = 1.0 + feasible.DISTANCE_RESIDUAL_SHARE * unit[:, actions.A_DISTANCE]
        distance = feasible.STRIDE_KM * steps * self.stride[workout] * share
        moving = feasible.KCAL_PER_STEP * steps + feasible.KCAL_PER_MINUTE * minutes
        calories = feasible.BASAL_KCAL + moving + self.kcal[workout]
        calories = calories + feasible.CALORIES_RESIDUAL_KCAL * unit[:, actions.A_CALORIES]
        numbers = torch.stack([steps, calories, distance, minutes, sleep], dim=1)
        return numbers, workout, location

    def _respond(
        self, inputs: torch.Tensor, normal: torch.Tensor, uniform: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        slots, members = len(inputs), len(self.hidden)
        first = (inputs @ self.first).view(slots, members, -1)
        first = first.add_(self.shift).relu_().mul_(self.gain)
        second = torch.baddbmm(self.hidden_bias, first.transpose(0, 1), self.hidden).relu_()
        out = torch.baddbmm(self.offset, second, self.head)
        shares = out[..., self.moods].softmax(-1)
        uncertainty = 0.5 * (
            out[..., self.rate + 1].std(0, correction=0) + shares.std(0, correction=0).mean(-1)
        )
        member = (uniform[:, 0] * members).long().clamp_max(members - 1)
        own = out[member, self.slots]
        spread = torch.nn.functional.softplus(own[:, self.rate + 2]) + MIN_SCALE
        rate = (own[:, self.rate + 1] + spread * normal) * _HEART.scale + _HEART.centre
        rate = rate.clamp(_HEART.low, _HEART.high)
        scaled = ((rate - _HEART.centre) / _HEART.scale)[:, None]
        logits = own[:, self.moods] + scaled * self.slope[member] + self.known[member]
        cumulative = logits.softmax(-1).cumsum(-1)
        mood = (cumulative[:, :-1] <= uniform[:, 1:2]).sum(-1)
        return rate, mood, uncertainty

    def _reward(
        self, sleep: torch.Tensor, rate: torch.Tensor, mood: torch.Tensor, encoded: torch.Tensor
    ) -> torch.Tensor:
        recovery = (0.5 + (self.baseline - rate) / rewards.RECOVERY_SPAN_BPM).clamp(0.0, 1.0)
        rested = (1.25 - (sleep - 8.0).abs() / rewards.SLEEP_FALL_HOURS).clamp(0.0, 1.0)
        deviation = encoded - self.habit
        effort = (1.0 - (deviation * deviation) @ self.effort).clamp(0.0, 1.0)
        return 0.4 * self.mood_values[mood] + 0.3 * recovery + 0.1 * rested + 0.2 * effort
