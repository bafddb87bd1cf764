"""The recipes: plain values, with the command that runs each and what it should reach.

`paper` is the published description: 50 epochs with early stopping on the validation loss, batch
32, Adam 1e-4, weight decay 1e-5, cross-entropy weighted by inverse class frequency, 10-15 % of the
training groups for validation.

    scripts/train.py effnet_msa --recipe paper

`tuned` is ours: it spends no pages on validation and a fixed number of epochs, with a higher rate
that falls along a cosine, augmentation, and batch statistics taken afresh at the end. Its values
were chosen on a fifth of the *training* pages of one fold, never on a test fold.

    scripts/train.py effnet_msa --recipe tuned

`read` is the same for a backbone that looks at what was read of the page instead of at the page:

    scripts/train.py densenet121_read --recipe read

`pretrained` is `read` for a network that begins from what it learnt from signals of other sources;
the network on the traces takes twice as many epochs:

    scripts/pretrain.py densenet121_read --signals FOLDER
    scripts/train.py densenet121_read --recipe pretrained --initial FILE
    scripts/pretrain.py traces --signals FOLDER
    scripts/train.py traces --recipe pretrained --epochs 20 --initial FILE

`signal` is for the network on the traces, `kernel` for the one that measures beats, which is
fitted in one go:

    scripts/train.py traces --recipe signal
    scripts/train.py beats --recipe kernel

Scores: docs/RESULTS.md, made from the stored predictions of exactly these commands.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Recipe:
    """Everything about a training that is not the model, the data or the seed."""

    name: str
    size: tuple[int, int] = (224, 224)  # height, width
    epochs: int = 50
    batch: int = 32
    learning_rate: float = 1e-4
    weight_decay: float = 1e-5
    cosine: bool = False  # rate rises over a tenth of the steps, then falls to zero
    validation: float = 0.12  # part of the training groups; 0 trains on all for all epochs
    patience: int | None = 8  # epochs without a lower validation loss; None never stops early
    label_smoothing: float = 0.0
    balance: float = 1.0  # power of the inverse class frequency that weights the loss
    augmentation: float = 0.0  # strength 0..1
    batch_norm_momentum: float | None = None  # None keeps each backbone's own
    kernel: float | None = None  # C of kernel logistic regression; None trains by gradients
    settle: bool = False  # take the batch statistics afresh from the clean training pages


TUNED = Recipe(
    "tuned",
    epochs=20,
    batch=16,
    learning_rate=1e-3,
    weight_decay=2e-2,
    cosine=True,
    validation=0.0,
    patience=None,
    label_smoothing=0.05,
    balance=0.5,
    augmentation=0.5,
    batch_norm_momentum=0.9,
    settle=True,
)
READ = replace(TUNED, name="read", size=(448, 1120), epochs=10, augmentation=1.0)
PRETRAINED = replace(READ, name="pretrained")
SIGNAL = replace(READ, name="signal", epochs=80, learning_rate=2e-3, weight_decay=1e-2)
KERNEL = Recipe("kernel", size=(448, 1120), epochs=0, validation=0.0, kernel=100.0)
RECIPES = {each.name: each for each in (Recipe("paper"), TUNED, READ, PRETRAINED, SIGNAL, KERNEL)}


def recipe_named(name: str) -> Recipe:
    """The recipe called `name`. Raises ValueError for an unknown one."""
    if name not in RECIPES:
        raise ValueError(f"There is no recipe {name!r}; the recipes are {', '.join(RECIPES)}.")
    return RECIPES[name]
