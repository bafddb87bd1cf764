"""`docs/RESULTS.md`, made from stored predictions and from nothing else."""

from ecg_tf.evaluation.paired import ALPHA, Comparison, compare_all
from ecg_tf.evaluation.predictions import Predictions
from ecg_tf.evaluation.results import FOLDS, Scored, in_order, score, with_protocol
from ecg_tf.evaluation.tables import (
    class_table,
    confidence_table,
    macro_table,
    overview,
    pair_table,
    repeated,
    repeats_table,
    verdict_table,
)

FIGURES = "results/figures"  # where RESULTS.md links to

ABOUT = f"""\
<!-- Made by `scripts/evaluate.py report` from the files in docs/results; do not edit. -->
# Results

Research use only. Pages: "ECG Images Dataset of Cardiac Patients" (A. H. Khan, M. Hussain;
Mendeley Data, CC BY 4.0).

"Leak-free" means that every page is tested by a model that never saw it: {FOLDS} stratified folds,
grouped by the content of the file; two repeats deal the pages into folds twice. "Published split"
is the one under which the paper's figures were reached, rebuilt from its file names and counts:
every test page is also in the training folder, so it measures memory, and a look-up table without
any learning is right on all.

Brackets hold 95 % intervals: the pages are drawn again with replacement, all copies of a page
together. A dash stands for what was not measured. A row that was not run on all folds says so and
is no 5-fold result. The column "paper" repeats the published claims.

No network of the table starts from ImageNet weights. "Page read first" is the network of that name
behind the reading of the traces: it looks at a picture of signals and median beats instead of a
page of 224 x 224. With the recipe "pretrained" it has learnt from recordings of other sources and
simulated signals before it sees a page. "With beats" is that network and the one that measures the
beats in one, each with half of the say. How that was settled is told in
[EXPERIMENTS.md](EXPERIMENTS.md)."""

MACRO = """\
Precision, recall, F1 and AUROC (one class against the rest) are means over the classes. The
calibration error is the mean distance between confidence and accuracy over 15 bins."""

CLASSES = "The accuracy on the pages of one class is its recall."

REPEATS = """\
A repeat deals the pages into other folds and trains with other seeds. What the networks are made of
was settled while the folds of repeat 0 were at hand (see above); nothing was changed between the
first look at repeat 1 and what is printed here. In all other tables the lines of all repeats are
taken together, and the pages, not the lines, are drawn again for the intervals."""

CONFIDENCE = """\
The temperature that fits all out-of-fold probabilities best (above 1: the model was too sure); the
calibration error when each fold gets the temperature of the others; and how often the model is
right when it may refuse its least sure pages. The area is the mean error over all coverages."""

BASELINES = """\
The one setting of the classical baseline was compared on partitions of the same pages drawn with
other seeds; its first version, without the measurements across leads, was seen on these folds and
was right on 0.897, so its figure may be a little too kind. The same holds of the network on the
traces: a version with a badly scaled channel (0.776) and three folds of one with 40 epochs (about
0.88) were seen on these folds before the number of epochs and the resolution were set. That the
network on the traces and the classical baseline err on different pages was first seen on these
folds, too (the mean of both: 0.931); everything else about the beats that are measured in the graph
was settled on partitions drawn with other seeds ([EXPERIMENTS.md](EXPERIMENTS.md)), and the shares
of the joined network, 0.2 page, 0.4 traces and 0.4 beats, were set before they were tried here.
"These folds" are those of repeat 0; repeat 1 was run when all of it was settled. Of the joined
network these folds saw three versions: 0.933 with traces read as means of columns, 0.931 with
traces that are followed, and the one in the table, in which the spread of tall waves is measured
rightly; the changes were made for other reasons (one reading for all; integrated gradients that add
up), but whoever looks three times sees the best of three. That a network behind the reading gains
from the beats was seen on these folds; equal shares were the first that were tried, and stayed. The
shipped network has beside it a part for other printers, which learnt from drawn pages alone; which
part answers is told by the look of the page, here by a fit that never saw the page
([AWAY.md](AWAY.md)). On the published split the majority class is that of the training folder,
which is not that of the test folder."""


def score_all(stored: list[Predictions], **settings: int) -> list[Scored]:
    """The stored predictions with their figures; `settings` are those of `score`."""
    return in_order([score(each, **settings) for each in stored])


def comparisons(scored: list[Scored]) -> list[Comparison]:
    """Every pair of leak-free results."""
    return compare_all([one.predictions for one in with_protocol(scored, "leak-free")])


def results_text(scored: list[Scored], pairs: list[Comparison]) -> str:
    """The whole of `docs/RESULTS.md`."""
    free, published = (with_protocol(scored, each) for each in ("leak-free", "published"))
    parts = [ABOUT, _data_line(scored), overview(scored), BASELINES]
    if free:
        parts += [_free_pictures(), "## Leak-free: all figures", MACRO, macro_table(free)]
        parts += ["## Leak-free: per class", CLASSES, class_table(free)]
        if repeated(free):
            parts += ["## Leak-free: each repeat by itself", REPEATS, repeats_table(free)]
        parts += ["## Leak-free: confidence", CONFIDENCE, confidence_table(free)]
        parts += ["## Leak-free: which differences are real", _tests_line(pairs)]
        parts += [verdict_table(free, pairs)]
    if published:
        parts += ["## Published split (leaks): all figures", macro_table(published)]
        parts += ["## Published split (leaks): per class", class_table(published)]
    parts += ["## Confusion matrices and curves", _links(scored)]
    return "\n\n".join(parts) + "\n"


def pairs_text(scored: list[Scored], pairs: list[Comparison]) -> str:
    """The whole of `docs/results/pairs.md`: every comparison with its numbers."""
    title = "<!-- Made by `scripts/evaluate.py report`; do not edit. -->\n# Paired comparisons"
    return "\n\n".join([title, _tests_line(pairs), pair_table(scored, pairs)]) + "\n"


def _data_line(scored: list[Scored]) -> str:
    """Which data the results were made on; more than one kind is said."""
    kinds: dict[str, list[Scored]] = {}
    for one in scored:
        kinds.setdefault(one.predictions.meta["data_sha256"], []).append(one)
    lines = []
    for digest, made in kinds.items():
        pages = len({page for one in made for page in one.predictions.page_ids})
        which = "" if len(kinds) == 1 else f" ({'; '.join(one.title for one in made)})"
        lines.append(f"Data: {pages} different pages, SHA-256 `{digest[:12]}`{which}.")
    return "\n".join(lines)


def _tests_line(pairs: list[Comparison]) -> str:
    return (
        f"{len(pairs)} pairs, each on their common pages: McNemar's exact test, corrected over all "
        f"pairs after Holm. What is not told apart at {ALPHA} is a tie. All numbers, with a paired "
        "bootstrap of the accuracy difference: `docs/results/pairs.md`."
    )


def _free_pictures() -> str:
    return (
        f"![Accuracy with intervals]({FIGURES}/accuracy.png)\n"
        f"![Risk and coverage]({FIGURES}/risk.png)"
    )


def _links(scored: list[Scored]) -> str:
    lines = []
    for one in scored:
        name, protocol = one.predictions.name, one.predictions.meta["protocol"]
        lines.append(
            f"- {one.title}, {protocol}: [confusion]({FIGURES}/{name}-confusion.png), "
            f"[curves]({FIGURES}/{name}-curves.png)"
        )
    return "\n".join(lines)
