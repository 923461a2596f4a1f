"""How a network is trained: every number of a training, and its learning rate."""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a network is trained. The defaults are the tutorial's.

    An item is what a task learns by: a row (one beat), or a sequence of a patient's beats."""

    epochs: int = 10
    batch: int = 32  # items a step, over all processes together
    rate: float = 1e-4  # learning rate; the peak of it where the schedule is onecycle
    # constant, or onecycle (Smith 2018): a straight line up, then down by a cosine; see `rate_at`
    schedule: str = "constant"
    optimiser: str = "adam"  # adam or adamw
    weight_decay: float = 0.0  # of matrices and kernels; see decay_all
    # rows: smote: SMOTE's rows too; weights: real rows, loss weighted; sampler: real rows drawn by
    # weight; none: real rows
    balance: str = "smote"
    # weights are (class count)^-class_power; at 1 all classes count the same
    class_power: float = 1.0
    smoothing: float = 0.0  # rows: label smoothing
    # rows: Beta parameter of mixup (Zhang 2018), off for the last sixth of the steps; 0 is off
    mixup: float = 0.0
    augment: bool = False  # rows: shifted, scaled, on a baseline, with noise; see augmentation.py
    # decay a step of the running average of the weights, which is kept; 0: the weights are kept
    average: float = 0.0
    hints: float = 0.0  # rows: weight of the auxiliary targets (auxiliary.py); 0: none
    # rows: loss below which a row counts as learnt and is shown less often; 0: never
    focus: float = 0.0
    bf16: bool = False  # bfloat16, where the device computes it; see distribution.py

    # ---- a model card names those below only where they are not at their default
    warm_up: float = 0.1  # onecycle: share of the training in which the rate rises
    start: float = 0.04  # onecycle: the first rate, as a share of the peak
    floor: float = 0.0  # onecycle: the rate never falls below this share of the peak
    decay_all: bool = False  # weight decay of biases and norms, too
    clip: float = 0.0  # largest norm of the gradient, which is scaled down to it; 0: no limit
    # the average's decay grows from 0.1 on, so that it forgets where it began; False: it begins as
    # the weights are after the first step
    average_ramp: bool = True
    fused: bool = True  # the optimiser's fused kernel: faster, and rounded otherwise
    noise: float = 0.0  # sequences: standard deviations of noise added to every feature
    hidden: float = 0.0  # sequences: share of the features that are hidden from a whole sequence
    # sequences: share of those without any ectopic beat that an epoch leaves out (windows: of those
    # without fibrillation); the others weigh more
    skipped: float = 0.0

    def as_card(self) -> dict:
        """What a model card keeps of the recipe."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name in IN_EVERY_CARD or getattr(self, field.name) != field.default
        }


IN_EVERY_CARD = (
    *("epochs", "batch", "rate", "schedule", "optimiser", "weight_decay", "balance"),
    *("class_power", "smoothing", "mixup", "augment", "average", "hints", "focus", "bf16"),
)

RECIPES = {
    "tutorial": Recipe(),
    # chosen on validation rows, with the residual network in mind. Augmentation is off: it costs
    # 0.02 of macro-F1 on rows whose R peaks a person has set (--augment turns it on)
    "best": Recipe(
        epochs=60,
        batch=256,
        rate=4e-3,
        schedule="onecycle",
        optimiser="adamw",
        weight_decay=0.05,
        balance="weights",
        class_power=0.25,
        smoothing=0.03,
        mixup=0.2,
        average=0.998,
        focus=0.3,
        bf16=True,
    ),
    # the context network; chosen by cross-validation over DS1 and SVDB
    "context": Recipe(
        epochs=16,
        batch=24,
        rate=3e-3,
        schedule="onecycle",
        warm_up=0.15,
        start=0.0,
        floor=0.01,
        optimiser="adamw",
        weight_decay=0.05,
        decay_all=True,
        clip=1.0,
        balance="weights",
        class_power=0.5,
        average=0.98,
        average_ramp=False,
        fused=False,
        noise=0.4,
        hidden=0.15,
        skipped=0.6,
    ),
    # the quality network; chosen by cross-validation over CinC-2017, MIT-BIH and SVDB
    "quality": Recipe(
        epochs=8,
        batch=2048,
        rate=5e-3,
        schedule="onecycle",
        warm_up=0.3,
        optimiser="adamw",
        weight_decay=0.01,
        balance="weights",
        noise=0.2,
    ),
    # the network of ventricular fibrillation; chosen by leaving one patient out
    "vf": Recipe(
        epochs=7,
        batch=4096,
        rate=8e-3,
        schedule="onecycle",
        warm_up=0.3,
        optimiser="adamw",
        weight_decay=0.05,
        balance="weights",
        noise=0.3,
        hidden=0.2,
        skipped=0.7,
    ),
    # the rhythm network's convolutions; chosen by cross-validation over CinC-2017
    "rhythm": Recipe(
        epochs=16,
        batch=48,
        rate=5e-3,
        schedule="onecycle",
        warm_up=0.25,
        optimiser="adamw",
        weight_decay=0.05,
        clip=2.0,
        balance="weights",
        smoothing=0.05,
        average=0.995,
    ),
    # a backbone that fills in hidden spans of rows without labels (pretraining.py)
    "pretrain": Recipe(
        epochs=10,
        batch=256,
        rate=2e-3,
        schedule="onecycle",
        floor=4e-6,
        optimiser="adamw",
        weight_decay=0.05,
        decay_all=True,
        balance="none",
        bf16=True,
    ),
}
ROW_RECIPES = ("tutorial", "best")  # what --recipe chooses among
HINTS = 0.3  # what --hints sets
BALANCES = ("smote", "weights", "sampler", "none")


def rate_at(recipe: Recipe, progress: float) -> float:
    """Learning rate after the share `progress` (0 to 1) of the training."""
    if recipe.schedule == "constant":
        return recipe.rate
    rising = recipe.warm_up
    if progress < rising:
        return recipe.rate * (recipe.start + (1 - recipe.start) * progress / rising)
    angle = min(math.pi, math.pi * (progress - rising) / (1 - rising))
    return recipe.rate * max(recipe.floor, 0.5 * (1 + math.cos(angle)))
