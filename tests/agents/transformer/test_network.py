from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium import spaces

from agents.transformer.action_codec import ActionCodec
from agents.transformer.network import Layer, WorldModelTransformer, as_neighbours
from agents.transformer.settings import ReinforceConfig
from human_wm_env.errors import ConfigError

STUDIED_PARAMETERS = 117_625
BOX = spaces.Box(np.array([-1.0, 0.0], np.float32), np.array([1.0, 4.0], np.float32))


def net_of(context: int = 64, seed: int = 0) -> WorldModelTransformer:
    torch.manual_seed(seed)
    net = WorldModelTransformer(5, 3, False, ReinforceConfig(context=context)).eval()
    for parameter in net.parameters():  # the heads begin near 0
        parameter.data += 0.05 * torch.randn_like(parameter)
    return net.requires_grad_(False)


def episodes_of(slots: int = 4, steps: int = 7) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    states = torch.randn(slots, steps, 5)
    actions = torch.nn.functional.one_hot(torch.randint(3, (slots, steps)), 3).float()
    before = torch.cat([torch.zeros(slots, 1, 3), actions[:, :-1]], 1)
    return states, before, actions


@pytest.mark.parametrize("width", [9, 13, 17])  # of PatternEcho, Conditional, HiddenRule
def test_it_is_as_large_as_the_study_has_it(width: int) -> None:
    net = WorldModelTransformer(width, 8, False, ReinforceConfig())
    count = sum(parameter.numel() for parameter in net.parameters())
    assert abs(count / STUDIED_PARAMETERS - 1.0) < 0.03


@pytest.mark.parametrize("context", [1, 2, 3, 64])
def test_step_by_step_is_the_whole_episode(context: int) -> None:
    net, (states, before, actions) = net_of(context), episodes_of()
    read, asked = net.whole(states, before, actions)
    assert asked is not None
    memory = net.begin()
    for step in range(states.shape[1]):
        if step:  # beside another state that may come next
            may_come = torch.stack([states[:, step] + 1.0, states[:, step]], 1)
            looked = net.look(may_come, before[:, step, None].expand(-1, 2, -1), memory)
            torch.testing.assert_close(looked[:, 1], read[:, step], atol=1e-5, rtol=1e-5)
        now, memory = net.advance(states[:, step], before[:, step], memory)
        torch.testing.assert_close(now, read[:, step], atol=1e-5, rtol=1e-5)
        every = torch.eye(3).expand(len(states), 3, 3)
        imagined = net.imagine(states[:, step], before[:, step], memory, every)
        taken = (imagined * actions[:, step, :, None]).sum(dim=1)
        torch.testing.assert_close(taken, asked[:, step], atol=1e-5, rtol=1e-5)


def split_by_halves(
    layer: Layer, x: torch.Tensor, turns: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What `Layer.split` was: entry i of a head turned with entry i + pairs."""
    slots, tokens, width = x.shape
    projected = layer.project(layer.before_attention(x))
    apart = projected.view(slots, tokens, 3, layer.heads, width // layer.heads)
    asking, value = apart.permute(2, 0, 3, 1, 4).split((2, 1))
    pairs = width // layer.heads // 4
    cos, sin = turns.real[:, :pairs], turns.imag[:, :pairs]
    left, right, rest = (
        asking[..., :pairs],
        asking[..., pairs : 2 * pairs],
        asking[..., 2 * pairs :],
    )
    turned = torch.cat([left * cos - right * sin, left * sin + right * cos, rest], dim=-1)
    return turned[0], turned[1], value.squeeze(0)


def test_a_net_saved_with_pairs_half_of_them_apart_acts_as_it_did(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net, episodes = net_of(), episodes_of()
    weights = net.state_dict()
    with monkeypatch.context() as patch:
        patch.setattr(Layer, "split", split_by_halves)
        wanted, wanted_asked = net.whole(*episodes)
    assert not torch.allclose(net.whole(*episodes)[0], wanted, atol=1e-3)
    net.load_state_dict(as_neighbours(weights, 4), strict=True)
    found, found_asked = net.whole(*episodes)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found_asked, wanted_asked, atol=1e-5, rtol=1e-5)


def test_nobody_sees_what_comes_later() -> None:
    net, (states, before, actions) = net_of(), episodes_of()
    read, asked = net.whole(states, before, actions)
    states[:, 4:] += 1.0
    actions[:, 3] = actions[:, 3].roll(1, dims=-1)
    other, queried = net.whole(states, before, actions)
    assert asked is not None and queried is not None
    torch.testing.assert_close(other[:, :4], read[:, :4])
    torch.testing.assert_close(queried[:, :3], asked[:, :3])
    assert not torch.allclose(other[:, 4:], read[:, 4:])
    assert not torch.allclose(queried[:, 3], asked[:, 3])  # another action was asked


def test_questions_do_not_change_the_policy() -> None:
    net, (states, before, actions) = net_of(), episodes_of()
    torch.testing.assert_close(
        net.whole(states, before, actions)[0], net.whole(states, before, None)[0]
    )


def test_a_short_context_forgets() -> None:
    net, (states, before, _) = net_of(context=2), episodes_of()
    read, _ = net.whole(states, before, None)
    states[:, 0] += 1.0
    other, _ = net.whole(states, before, None)
    # Two layers look back one step each.
    torch.testing.assert_close(other[:, 3:], read[:, 3:])
    assert not torch.allclose(other[:, 2], read[:, 2])


def test_discrete_actions() -> None:
    codec = ActionCodec(spaces.Discrete(3, start=-1))
    assert codec.encode(torch.tensor([0, 2])).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert codec.to_env(torch.tensor([0, 2])).tolist() == [-1, 1]
    output = torch.tensor([[0.0, 1.0, -1.0]])
    probabilities = torch.softmax(output, -1)[0]
    chosen = codec.log_probability(output, None, torch.tensor([1]))
    assert chosen.item() == pytest.approx(float(torch.log(probabilities[1])))
    expected = -float((probabilities * probabilities.log()).sum())
    assert codec.entropy(output, None).item() == pytest.approx(expected)
    rng = torch.Generator().manual_seed(0)
    drawn = codec.sample(output.expand(20_000, 3), None, rng)
    shares = torch.bincount(drawn, minlength=3) / 20_000
    torch.testing.assert_close(shares, probabilities, atol=0.02, rtol=0.0)


def test_amounts() -> None:
    codec, log_std = ActionCodec(BOX), torch.tensor([-1.0, 0.5])
    assert codec.to_env(torch.tensor([[2.0, 0.5]])).tolist() == [[1.0, 3.0]]
    output, actions = torch.randn(6, 2), torch.randn(6, 2)
    normal = torch.distributions.Normal(output, log_std.exp())
    torch.testing.assert_close(
        codec.log_probability(output, log_std, actions), normal.log_prob(actions).sum(-1)
    )
    torch.testing.assert_close(codec.entropy(output, log_std), normal.entropy().sum(-1))


def test_other_spaces_are_refused() -> None:
    with pytest.raises(ConfigError, match="Discrete action space, or a Box"):
        ActionCodec(spaces.MultiDiscrete([2, 2]))
    with pytest.raises(ConfigError, match="finite bounds"):
        ActionCodec(spaces.Box(-np.inf, np.inf, (1,)))


def test_first_weights() -> None:
    """No biases, and queries and keys of twice the spread of values."""
    torch.manual_seed(0)
    net = WorldModelTransformer(5, 3, False, ReinforceConfig())
    for module in net.modules():
        if isinstance(module, torch.nn.Linear):
            assert not module.bias.any()
    for layer in net.layers:
        query, key, value = layer.project.weight.std(dim=1).split(64)
        assert query.mean().item() == pytest.approx(2.0 * value.mean().item(), rel=0.05)
        assert key.mean().item() == pytest.approx(2.0 * value.mean().item(), rel=0.05)
