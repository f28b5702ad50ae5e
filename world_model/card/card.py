"""The model card: every measurement of a checkpoint on held-out people, as plain data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from human_wm_env.data.dataset import SPLIT_SHARES, LogDataset
from human_wm_env.data.never_logged import never_logged
from human_wm_env.errors import DataError
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.people.traits import TRAITS
from human_wm_env.person import schema
from human_wm_env.runtime.encoder import Posterior
from human_wm_env.runtime.world_model import WorldModelRuntime
from world_model.card import baselines, futures, trait_oracle
from world_model.card.config import CardConfig
from world_model.card.ensemble_disagreement import Disagreement, disagreement, response_doubt
from world_model.card.forecasts import Judged, judge
from world_model.card.intervals import Interval, ratio_interval
from world_model.card.known_effects import known_effects
from world_model.card.latent_swap import Swap, likelihoods_of, swap_test
from world_model.card.natural_experiments import natural_experiments
from world_model.card.posterior_collapse import BlockCollapse, collapse
from world_model.card.proper_scores import SCORED
from world_model.card.response_likelihood import state_likelihoods
from world_model.card.results import About, Card, Forecasts, Interventions, Traits
from world_model.card.reward_bias import RewardBias, reward_bias
from world_model.card.spread import Spread, designed_noise, spreads
from world_model.card.trait_recovery import TraitFound, identify
from world_model.card.walk_forward import masks_like_before
from world_model.data.encoded_logs import encode_logs
from world_model.export import restore
from world_model.training.personal_posteriors import Refinement, config_of, refine, with_prior

DREAM, SIMULATOR = "dream", "simulator"
_RESPONSE_DAYS = 10  # of each person: each has a posterior of its own
Report = Callable[[str], None]


def make_card(
    runtime: WorldModelRuntime,
    dataset: LogDataset,
    config: CardConfig,
    *,
    truth: EmbeddedPeople | None = None,
    report: Report = lambda stage: None,
) -> Card:
    """Measure a checkpoint.

    Args:
        runtime: the checkpoint, loaded.
        dataset: the logs; the people of `config.split` are judged.
        config: which people, and how precisely.
        truth: the embedded people behind the logs; None where they are unknown.
        report: receives the name of each measurement before it is made.

    Raises:
        DataError: fewer than two people in the split, or logs that are too short.
    """
    measure = _Measurement(runtime, dataset, config, truth)
    report("latents")
    latents = measure.latents()
    report("swap tests")
    swaps = measure.swaps()
    report("traits")
    traits = None if truth is None else measure.traits(truth)
    report("futures")
    forecasters = measure.forecasters()
    report("scores")
    judged = measure.judge(forecasters)
    report("spread")
    spread = measure.spread(forecasters)
    report("mood and disagreement")
    mood, apart = measure.mood(forecasters), measure.disagreement()
    report("interventions")
    return Card(
        about=measure.about(),
        latents=latents,
        swap=swaps,
        traits=traits,
        forecasts={name: measure.described(each) for name, each in judged.items()},
        comparison=measure.compared(judged),
        spread=spread,
        mood=mood,
        disagreement=apart,
        interventions=measure.interventions(),
    )


class _Measurement:
    """The parts of a card; each part has a random generator of its own."""

    def __init__(
        self,
        runtime: WorldModelRuntime,
        dataset: LogDataset,
        config: CardConfig,
        truth: EmbeddedPeople | None,
    ) -> None:
        self._runtime, self._dataset, self._config, self._truth = runtime, dataset, config, truth
        self._model = restore(runtime.checkpoint)
        self._blocks = runtime.architecture.blocks
        self._judged = dataset.users_of(config.split)
        if len(self._judged) < 2:
            raise DataError(
                f"two or more people in split {config.split!r}",
                f"{len(self._judged)} among {dataset.users} users",
                "Use more people: swaps and R2 compare them with each other.",
            )
        rng = self._rng(0)
        chosen = np.sort(rng.permutation(self._judged)[: config.people])
        self._starts = futures.spread_starts(
            dataset, chosen, config.starts_per_person, max(config.horizons), rng
        )
        self._encoded_starts = futures.encode_starts(runtime, dataset, self._starts)

    def _rng(self, use: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence([self._config.seed, 41, use]))

    def about(self) -> About:
        dataset, manifest = self._dataset, self._runtime.checkpoint.manifest
        trained_on = manifest.get("data", {}).get("sha256")
        return About(
            weights_sha256=manifest.get("weights_sha256"),
            data=dataset.name,
            data_sha256=dataset.fingerprint,
            trained_on_these_data=trained_on == dataset.fingerprint,
            trained_split=manifest.get("data", {}).get("split"),
            truth_known=self._truth is not None,
            forecasts_of="simulated days" if self._truth is not None else "logged days",
            people={split: dataset.split_of.count(split) for split in SPLIT_SHARES},
            judged_on=self._config.split,
            judged_people=len(self._judged),
            never_logged=str(never_logged(dataset, self._judged)),
            forecast_people=len(np.unique(self._starts.users)),
            starts=len(self._starts),
            config=self._config,
        )

    def _encoded(self, users: np.ndarray, days: np.ndarray) -> Posterior:
        return self._runtime.encode(self._dataset.histories(users, days))[0]

    def latents(self) -> dict[str, BlockCollapse]:
        posterior = self._encoded(self._judged, self._dataset.days_logged[self._judged])
        return collapse(posterior, self._blocks, self._rng(1))

    def swaps(self) -> dict[str, Swap]:
        """Judge on each log's last days, by the posterior of the days before."""
        users = self._judged
        logged = self._dataset.days_logged[users]
        days = min(self._config.swap_days, int(logged.min()) // 2)
        latents = self._encoded(users, logged - days).mean
        logs = encode_logs(self._dataset, users, use_memory=self._runtime.architecture.memory)
        states = None
        if self._model.response is not None:
            states = state_likelihoods(
                self._model.response, self._dataset, users, logged - days, days
            )
        likelihoods = likelihoods_of(self._model, logs, logged - days, days, states)
        return swap_test(likelihoods, latents, self._blocks, self._rng(2))

    def traits(self, truth: EmbeddedPeople) -> Traits:
        """Read true traits off both kinds of posterior, beside the oracle."""
        config, dataset = self._config, self._dataset
        others = np.setdiff1d(dataset.users_of("train"), self._judged)
        if len(others) < 2:
            raise DataError(
                "training people to fit on who are not judged",
                f"{len(others)} beside split {config.split!r}",
                "Use split 'test' or 'validation'.",
            )
        fit = np.sort(self._rng(3).permutation(others)[: config.fit_people])
        people = np.concatenate([fit, self._judged])
        kinds = {"encoder": self._encoded(people, dataset.days_logged[people])}
        if config.refine_steps:
            memory = self._runtime.architecture.memory
            # z_c begins at the prior: what the encoder spills of the baseline into z_c stays
            # there otherwise, and from the prior for all blocks z_c takes it before z_a does.
            # Chosen on validation people (R2 of heart rate from z_c .41, .61 and .11).
            start = with_prior(kinds["encoder"], self._blocks["c"])
            kinds["refined"] = refine(
                self._model,
                encode_logs(dataset, people, use_memory=memory),
                start,
                Refinement(
                    config.refine_steps,
                    config.refine_rate,
                    config_of(self._runtime.checkpoint, config.refine_window_days),
                    config.seed,
                ),
            )
        true = truth.people.traits[people].astype(np.float64)
        cut = len(fit)

        def identified(posterior: Posterior) -> dict[str, TraitFound]:
            parts = ((posterior.mean[rows], true[rows]) for rows in (slice(cut), slice(cut, None)))
            return {each.trait: each for each in identify(TRAITS, self._blocks, *parts)}

        estimated = trait_oracle.estimate(dataset, self._judged, truth.config.response_gain)
        by_oracle = trait_oracle.r_squared(estimated, true[cut:])
        return Traits(
            fit_people=cut,
            test_people=len(self._judged),
            oracle={name: float(r2) for name, r2 in by_oracle.items()},
            encoder=identified(kinds["encoder"]),
            refined=identified(kinds["refined"]) if "refined" in kinds else None,
        )

    def forecasters(self) -> dict[str, np.ndarray]:
        """Return the futures of every forecaster, the model first."""
        config, dataset, starts = self._config, self._dataset, self._starts
        rng, draws, horizons = self._rng(4), config.draws, config.horizons
        latents = futures.draw_latents(self._encoded_starts.posterior, draws, rng)
        found = {DREAM: self._imagine(self._encoded_starts, latents, rng)}
        if self._truth is not None:
            found[SIMULATOR] = futures.sample_simulator(self._truth, starts, draws, horizons, rng)
        count = len(horizons)
        found["mean, lag 1, weekday"] = baselines.mean_lag_weekday(
            dataset, starts, draws, horizons, rng
        )
        found["climatology"] = baselines.climatology(dataset, starts, draws, count, rng)
        found["persistence"] = baselines.persistence(dataset, starts, draws, count, rng)
        return found

    def _imagine(
        self, encoded: futures.EncodedStarts, latents: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        weather = self._runtime.checkpoint.weather_transitions
        horizons = self._config.horizons
        # The truth holds complete, feasible days, as the environment imagines them. Where it
        # is not known, what will be LOGGED is judged: with gaps, and off the feasible set.
        masks = None
        if self._truth is None:
            draws = latents.shape[1]
            masks = masks_like_before(self._dataset, encoded.starts, draws, horizons, rng)
        return futures.sample_model(
            self._model, encoded, latents, weather, horizons, rng, observed=masks
        )

    def judge(self, forecasters: dict[str, np.ndarray]) -> dict[str, Judged]:
        return {
            name: judge(each, self._dataset, self._starts, self._config.horizons, self._rng(5))
            for name, each in forecasters.items()
        }

    def described(self, judged: Judged) -> Forecasts:
        horizons = [str(h) for h in self._config.horizons]
        names = [schema.FEATURE_NAMES[index] for index in SCORED]
        energy, variogram = (
            dict(zip(horizons, map(_number, _means(each)), strict=True))
            for each in (judged.energy, judged.variogram)
        )
        return Forecasts(
            by_horizon=dict(zip(horizons, judged.by_horizon, strict=True)),
            by_feature=judged.by_feature,
            crps={
                horizon: dict(zip(names, map(_number, row), strict=True))
                for horizon, row in zip(horizons, judged.crps, strict=True)
            },
            energy=energy,
            variogram=variogram,
        )

    def compared(self, judged: dict[str, Judged]) -> dict[str, dict[str, Interval]]:
        """Return the dream's energy score over each other forecaster's, with intervals."""
        own = judged[DREAM].energy
        return {
            name: {
                str(horizon): ratio_interval(
                    own[scored, place], each.energy[scored, place], self._starts.users[scored]
                )
                for place, horizon in enumerate(self._config.horizons)
                for scored in [np.isfinite(own[:, place])]
            }
            for name, each in judged.items()
            if name != DREAM
        }

    def spread(self, forecasters: dict[str, np.ndarray]) -> list[Spread]:
        """Take the spread of some starts apart."""
        rng, draws = self._rng(6), self._config.diversity_draws
        some = _evenly(len(self._starts), self._config.diversity_starts)
        encoded = self._encoded_starts.take(some)
        shape = (len(some), draws, self._runtime.architecture.latent_width)
        first, second = (rng.standard_normal(shape, dtype=np.float32) for _ in range(2))
        sets = designed_noise(first, second, self._blocks)  # (5, starts, draws, latents)
        side_by_side = encoded.posterior.draw(np.concatenate(list(sets), axis=1))
        imagined = self._imagine(encoded, side_by_side, rng)
        designed = np.stack(np.split(imagined, len(sets), axis=1))
        true = forecasters.get(SIMULATOR)
        return spreads(designed, self._config.horizons, forecasters[DREAM], true)

    def mood(self, forecasters: dict[str, np.ndarray]) -> list[RewardBias] | None:
        """Compare the dream's mood reward with the simulator's."""
        if SIMULATOR not in forecasters:
            return None
        imagined, simulated = forecasters[DREAM], forecasters[SIMULATOR]
        return reward_bias(imagined, simulated, self._starts.users, self._config.horizons)

    def disagreement(self) -> Disagreement | None:
        """Measure the doubt about logged actions and unlogged corners of the action box."""
        users = self._judged
        logs = encode_logs(self._dataset, users, use_memory=self._runtime.architecture.memory)
        if self._runtime.response is not None:
            days = min(self._config.disagreement_days, _RESPONSE_DAYS)
            return response_doubt(self._runtime, self._dataset, logs, days, self._rng(7))
        latents = self._encoded(users, self._dataset.days_logged[users]).mean
        days = self._config.disagreement_days
        return disagreement(self._model, logs, latents, days, self._rng(7))

    def interventions(self) -> Interventions | None:
        """Judge effects of actions: beside the true ones, and on unusual days of the logs."""
        response, config, users = self._runtime.response, self._config, self._judged
        if response is None:
            return None
        known = None
        if self._truth is not None:
            days, draws = config.policy_days, config.effect_draws
            known = known_effects(response, self._truth, users, days, draws, self._rng(8))
        held_out = min(config.swap_days, int(self._dataset.days_logged[users].min()) // 2)
        measured = self._runtime.checkpoint.manifest.get("states_measured")
        return Interventions(
            states_measured=None if measured is None else str(measured),
            known=known,
            natural=natural_experiments(
                response.parameters, self._dataset, users, held_out, config.seed
            ),
        )


def _evenly(count: int, wanted: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(int))


def _means(values: np.ndarray) -> list[float]:
    """Return the mean of each column over its finite values, NaN where there is none."""
    columns = [column[np.isfinite(column)] for column in values.T]
    return [float(column.mean()) if len(column) else np.nan for column in columns]


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
