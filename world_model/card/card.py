"""The model card: every measurement of a checkpoint on held-out people, as plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import DataError
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.people.traits import TRAITS
from human_wm_env.person import schema
from human_wm_env.runtime.encoder import Posterior
from human_wm_env.runtime.world_model import WorldModelRuntime
from world_model.card import baselines, futures, trait_oracle
from world_model.card.config import CardConfig
from world_model.card.ensemble_disagreement import disagreement
from world_model.card.forecasts import Judged, judge
from world_model.card.intervals import ratio_interval
from world_model.card.latent_swap import likelihoods_of, swap_test
from world_model.card.posterior_collapse import collapse
from world_model.card.proper_scores import SCORED
from world_model.card.reward_bias import reward_bias
from world_model.card.spread import designed_latents, spreads
from world_model.card.trait_recovery import identify
from world_model.card.walk_forward import masks_like_before
from world_model.data.encoded_logs import encode_logs
from world_model.export import restore
from world_model.training.config import TrainingConfig
from world_model.training.personal_posteriors import refine, with_prior

DREAM, SIMULATOR = "dream", "simulator"
Report = Callable[[str], None]


def make_card(
    runtime: WorldModelRuntime,
    dataset: LogDataset,
    config: CardConfig,
    *,
    truth: EmbeddedPeople | None = None,
    report: Report = lambda stage: None,
) -> dict[str, Any]:
    """Measure a checkpoint.

    Args:
        runtime: the checkpoint, loaded.
        dataset: the logs; the people of `config.split` are judged.
        config: which people, and how precisely.
        truth: the embedded people behind the logs; None where they are unknown.
        report: receives the name of each measurement before it is made.

    Returns:
        JSON-able: `about`, `latents`, `swap`, `traits` (None without truth), `forecasts`,
        `comparison`, `spread`, `mood` (None without truth), and `disagreement` (None without
        an ensemble, or without a day whose actions were all logged).

    Raises:
        DataError: fewer than two people in the split, or logs that are too short.
    """
    card = _Card(runtime, dataset, config, truth)
    report("latents")
    latents = card.latents()
    report("swap tests")
    swaps = card.swaps()
    report("traits")
    traits = None if truth is None else card.traits()
    report("futures")
    forecasters = card.forecasters()
    report("scores")
    judged = card.judge(forecasters)
    report("spread")
    spread = card.spread(forecasters)
    report("mood and disagreement")
    return {
        "about": card.about(),
        "latents": latents,
        "swap": swaps,
        "traits": traits,
        "forecasts": {name: card.described(each) for name, each in judged.items()},
        "comparison": card.compared(judged),
        "spread": spread,
        "mood": card.mood(forecasters),
        "disagreement": card.disagreement(),
    }


class _Card:
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

    def about(self) -> dict[str, Any]:
        dataset, manifest = self._dataset, self._runtime.checkpoint.manifest
        trained_on = manifest.get("data", {}).get("sha256")
        return {
            "weights_sha256": manifest.get("weights_sha256"),
            "data": dataset.name,
            "data_sha256": dataset.fingerprint,
            "trained_on_these_data": trained_on == dataset.fingerprint,
            "trained_split": manifest.get("data", {}).get("split"),
            "truth_known": self._truth is not None,
            "forecasts_of": "simulated days" if self._truth is not None else "logged days",
            "people": {
                split: dataset.split_of.count(split) for split in ("train", "validation", "test")
            },
            "judged_on": self._config.split,
            "judged_people": len(self._judged),
            "forecast_people": len(np.unique(self._starts.users)),
            "starts": len(self._starts),
            "config": asdict(self._config),
        }

    def _encoded(self, users: np.ndarray, days: np.ndarray) -> Posterior:
        pairs = zip(users, days, strict=True)
        return self._runtime.encode([self._dataset.history(u, d) for u, d in pairs])[0]

    def latents(self) -> dict[str, Any]:
        posterior = self._encoded(self._judged, self._dataset.days_logged[self._judged])
        found = collapse(posterior, self._blocks, self._rng(1))
        return {block: asdict(each) for block, each in found.items()}

    def swaps(self) -> dict[str, Any]:
        """Judge on each log's last days, by the posterior of the days before."""
        users = self._judged
        logged = self._dataset.days_logged[users]
        days = min(self._config.swap_days, int(logged.min()) // 2)
        latents = self._encoded(users, logged - days).mean
        logs = encode_logs(self._dataset, users, use_memory=self._runtime.architecture.memory)
        likelihoods = likelihoods_of(self._model, logs, logged - days, days)
        found = swap_test(likelihoods, latents, self._blocks, self._rng(2))
        return {block: asdict(each) for block, each in found.items()}

    def traits(self) -> dict[str, Any]:
        """Read true traits off both kinds of posterior, beside the oracle."""
        assert self._truth is not None
        config, dataset, truth = self._config, self._dataset, self._truth
        others = np.setdiff1d(dataset.users_of("train"), self._judged)
        if len(others) < 2:
            raise DataError(
                "training people to fit on who are not judged",
                f"{len(others)} beside split {config.split!r}",
                "Use split 'test' or 'validation'.",
            )
        fit = np.sort(self._rng(3).permutation(others)[: config.fit_people])
        everyone = np.concatenate([fit, self._judged])
        kinds = {"encoder": self._encoded(everyone, dataset.days_logged[everyone])}
        if config.refine_steps:
            memory = self._runtime.architecture.memory
            # z_c begins at the prior: what the encoder spills of the baseline into z_c stays
            # there otherwise, and from the prior for all blocks z_c takes it before z_a does.
            # Chosen on validation people (R2 of heart rate from z_c .41, .61 and .11).
            start = with_prior(kinds["encoder"], self._blocks["c"])
            kinds["refined"] = refine(
                self._model,
                encode_logs(dataset, everyone, use_memory=memory),
                start,
                steps=config.refine_steps,
                learning_rate=config.refine_rate,
                config=TrainingConfig(window_days=config.refine_window_days, **self._penalties()),
                seed=config.seed,
            )
        true = truth.people.traits[everyone].astype(np.float64)
        cut = len(fit)

        def part(posterior: Posterior, rows: slice) -> tuple[Posterior, np.ndarray]:
            own = Posterior(posterior.mean[rows], posterior.log_variance[rows])
            return own, true[rows]

        first, rest = slice(None, cut), slice(cut, None)
        found = {
            kind: identify(TRAITS, self._blocks, part(each, first), part(each, rest))
            for kind, each in kinds.items()
        }
        estimated = trait_oracle.estimate(dataset, self._judged, truth.config.response_gain)
        return {
            "fit_people": cut,
            "test_people": len(self._judged),
            "oracle": {
                name: float(r2)
                for name, r2 in trait_oracle.r_squared(estimated, true[rest]).items()
            },
            **{kind: {each.trait: asdict(each) for each in of} for kind, of in found.items()},
        }

    def _penalties(self) -> dict[str, Any]:
        """Return beta and free bits that the checkpoint was trained with."""
        training = self._runtime.checkpoint.manifest.get("config", {}).get("training", {})
        return {name: training[name] for name in ("beta", "free_bits") if name in training}

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

    def described(self, judged: Judged) -> dict[str, Any]:
        horizons = [str(h) for h in self._config.horizons]
        names = [schema.FEATURE_NAMES[index] for index in SCORED]
        return {
            "by_horizon": dict(zip(horizons, map(asdict, judged.by_horizon), strict=True)),
            "by_feature": {name: asdict(each) for name, each in judged.by_feature.items()},
            "crps": {
                horizon: dict(zip(names, map(_number, row), strict=True))
                for horizon, row in zip(horizons, judged.crps, strict=True)
            },
            "energy": dict(zip(horizons, map(_number, _means(judged.energy)), strict=True)),
            "variogram": dict(zip(horizons, map(_number, _means(judged.variogram)), strict=True)),
        }

    def compared(self, judged: dict[str, Judged]) -> dict[str, Any]:
        """Return the dream's energy score over each other forecaster's, with intervals."""
        own = judged[DREAM].energy
        return {
            name: {
                str(horizon): asdict(
                    ratio_interval(
                        own[scored, place], each.energy[scored, place], self._starts.users[scored]
                    )
                )
                for place, horizon in enumerate(self._config.horizons)
                for scored in [np.isfinite(own[:, place])]
            }
            for name, each in judged.items()
            if name != DREAM
        }

    def spread(self, forecasters: dict[str, np.ndarray]) -> list[dict[str, Any]]:
        """Take the spread of some starts apart."""
        rng, draws = self._rng(6), self._config.diversity_draws
        some = _evenly(len(self._starts), self._config.diversity_starts)
        encoded = self._encoded_starts.take(some)
        first, second = (futures.draw_latents(encoded.posterior, draws, rng) for _ in range(2))
        sets = designed_latents(first, second, self._blocks)  # (5, starts, draws, latents)
        side_by_side = np.concatenate(list(sets), axis=1)
        imagined = self._imagine(encoded, side_by_side, rng)
        designed = np.stack(np.split(imagined, len(sets), axis=1))
        true = forecasters.get(SIMULATOR)
        found = spreads(designed, self._config.horizons, forecasters[DREAM], true)
        return [asdict(each) for each in found]

    def mood(self, forecasters: dict[str, np.ndarray]) -> list[dict[str, Any]] | None:
        """Compare the dream's mood reward with the simulator's."""
        if SIMULATOR not in forecasters:
            return None
        found = reward_bias(
            forecasters[DREAM],
            forecasters[SIMULATOR],
            self._starts.users,
            self._config.horizons,
        )
        return [asdict(each) for each in found]

    def disagreement(self) -> dict[str, Any] | None:
        """Measure the ensemble on logged actions and on unlogged corners of the action box."""
        users = self._judged
        logs = encode_logs(self._dataset, users, use_memory=self._runtime.architecture.memory)
        latents = self._encoded(users, self._dataset.days_logged[users]).mean
        found = disagreement(
            self._model, logs, latents, self._config.disagreement_days, self._rng(7)
        )
        return None if found is None else asdict(found)


def _evenly(count: int, wanted: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(int))


def _means(values: np.ndarray) -> list[float]:
    """Return the mean of each column over its finite values, NaN where there is none."""
    columns = [column[np.isfinite(column)] for column in values.T]
    return [float(column.mean()) if len(column) else np.nan for column in columns]


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
