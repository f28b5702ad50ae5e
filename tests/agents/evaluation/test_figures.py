from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from agents.evaluation.figures import score_figure, sweep_figure, transfer_figure


def test_the_best_is_on_top() -> None:
    scores = {
        "bad": {"mean": 1.0, "low": 0.0, "high": 2.0},
        "good": {"mean": 90.0, "low": 80.0, "high": 95.0},
    }
    axes = score_figure(scores).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["bad", "good"]
    plt.close("all")


def test_a_policy_of_one_world_alone_is_left_out() -> None:
    axes = transfer_figure({"a": 1.0}, {"a": 2.0, "oracle": 3.0}, "title").axes[0]
    assert axes.collections[0].get_offsets().tolist() == [[2.0, 1.0]]
    plt.close("all")


def test_few_policies_are_all_named_with_room_between_the_names() -> None:
    truth = {"habit": 16.9, "ppo": 22.0, "backprop": 22.1, "best_constant": 22.05}
    axes = transfer_figure(truth, truth, "title").axes[0]
    heights = sorted(text.xyann[1] for text in axes.texts)
    assert {text.get_text() for text in axes.texts} == set(truth)
    assert min(np.diff(heights)) > 0.2
    many = {f"agent {number}": float(number) for number in range(20)} | {"habit": 3.0}
    axes = transfer_figure(many, many, "title").axes[0]
    assert [text.get_text() for text in axes.texts] == ["habit"]
    plt.close("all")


def test_names_stay_inside_of_the_picture() -> None:
    truth = {f"agent {number}": 10.0 + number / 100 for number in range(9)} | {"random": 0.0}
    axes = transfer_figure(truth, truth, "title").axes[0]
    low, high = axes.get_ylim()
    assert all(low < text.xyann[1] < high for text in axes.texts)
    plt.close("all")


def test_a_sweep_has_a_line_for_each_world() -> None:
    value = {"mean": 1.0, "low": 0.5, "high": 1.5}
    rows = [{"temperature": t, "dream": value, "simulator": value} for t in (0.5, 1.0)]
    axes = sweep_figure(rows, "temperature").axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["dream", "simulator"]
    plt.close("all")
