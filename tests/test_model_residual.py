"""ResidualNet: its size, what it sees of a row's length, how its members learn."""

import dataclasses

import torch

from ecg.networks import parameter_count
from ecg.training import auxiliary, row_loss
from ecg.training.recipe import RECIPES
from model_residual import ResidualNet
from tests.fresh_networks import SCALER


def test_size():
    assert parameter_count(ResidualNet(*SCALER)) < 500_000
    one, four = (parameter_count(ResidualNet(*SCALER, members=n)) for n in (1, 4))
    assert four == 4 * one


def test_it_sees_the_length_of_the_row():
    """The same beat, cut off earlier: another answer, though only zeros differ from the end on."""
    torch.manual_seed(0)
    net = ResidualNet(*SCALER).eval()
    row = torch.rand(1, 187) * 0.5 + 0.2
    row[:, 120:] = 0
    longer = row.clone()
    longer[:, 150] = 1e-3  # one more real sample, hardly above zero: the mask reaches further
    within = row.clone()
    within[:, 60] += 1e-3  # the same change where samples are real anyway
    assert (net(longer) - net(row)).abs().max() > 100 * (net(within) - net(row)).abs().max()


def test_members_answer_together_and_learn_alone():
    torch.manual_seed(0)
    net, x = ResidualNet(*SCALER, dropout_rate=0.0), torch.rand(8, 187)
    alone = []
    for member in net.members:
        one = ResidualNet(*SCALER, members=1)
        one.members[0].load_state_dict(member.state_dict())
        alone.append(one.eval()(x).softmax(1))
    assert (alone[0] - alone[1]).abs().max() > 0.01
    together = net.eval()(x).softmax(1)
    torch.testing.assert_close(together, sum(alone) / len(alone), atol=1e-5, rtol=1e-4)

    y, weights = torch.arange(8) % 5, torch.ones(8)
    recipe = dataclasses.replace(RECIPES["best"], mixup=0.0)

    def first_gradient():
        net.zero_grad()
        learner = auxiliary.WithAuxiliary(net).train()
        loss, _, plain = row_loss.step_loss(
            learner, x, y, weights, recipe, weights.sum(), False, None
        )
        loss.backward()
        assert plain.shape == (8,)
        return net.members[0].head.weight.grad.clone()

    before = first_gradient()
    torch.nn.init.zeros_(net.members[1].head.weight)  # the first does not see the other's logits
    torch.testing.assert_close(first_gradient(), before)
    assert before.abs().max() > 0
