"""Recipes: the learning rate, what a model card keeps of them."""

import dataclasses

import numpy as np
import pytest

from ecg.training.recipe import IN_EVERY_CARD, RECIPES, Recipe, rate_at


def test_one_cycle():
    recipe = RECIPES["best"]
    rates = [rate_at(recipe, p) for p in np.linspace(0, 1, 101)]
    assert max(rates) == pytest.approx(recipe.rate) and np.argmax(rates) == 10
    assert rates[-1] < 1e-9 and rates[0] < recipe.rate / 10
    assert rate_at(RECIPES["tutorial"], 0.3) == 1e-4


def test_one_cycle_of_the_context_network():
    recipe = RECIPES["context"]
    rates = [rate_at(recipe, p) for p in np.linspace(0, 1.1, 111)]
    assert rates[0] == 0 and np.argmax(rates) == 15 and max(rates) == pytest.approx(3e-3)
    assert rates[-1] == rates[100] == pytest.approx(3e-5), "the floor, also after the end"


def test_a_card_keeps_what_is_not_at_its_default():
    assert tuple(Recipe().as_card()) == IN_EVERY_CARD
    assert Recipe(clip=1.0).as_card() == {**Recipe().as_card(), "clip": 1.0}
    read = Recipe(**RECIPES["context"].as_card())
    assert dataclasses.asdict(read) == dataclasses.asdict(RECIPES["context"])
