from pathlib import Path

import pytest
from click.testing import CliRunner

from ecg_tf.evaluation.predictions import read_all, write_predictions
from ecg_tf.evaluation.report import comparisons, pairs_text, results_text, score_all
from ecg_tf.evaluation.results import NAMES, extent
from tests.evaluation.stored import simulated

DOCS = Path(__file__).resolve().parents[2] / "docs"


def text_of(stored) -> str:
    scored = score_all(stored, resamples=100)
    return results_text(scored, comparisons(scored))


def line_of(text: str, start: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {start} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_committed_results_are_those_of_the_stored_predictions():
    scored = score_all(read_all(DOCS / "results"))
    pairs = comparisons(scored)
    assert (DOCS / "RESULTS.md").read_text(encoding="utf-8") == results_text(scored, pairs)
    committed = (DOCS / "results" / "pairs.md").read_text(encoding="utf-8")
    assert committed == pairs_text(scored, pairs)


def test_committed_results_link_to_pictures_that_are_there():
    scored = score_all(read_all(DOCS / "results"), resamples=100)
    linked = results_text(scored, comparisons(scored)).split("(results/")[1:]
    missing = [link for link in linked if not (DOCS / "results" / link.split(")")[0]).is_file()]
    assert linked and not missing


def test_rows_have_the_order_of_the_table_and_missing_ones_a_dash():
    text = text_of([simulated(model="effnet_msa"), simulated(model="cnn", seed=1)])
    order = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    assert [name for name in order if name in NAMES.values()][: len(NAMES)] == list(NAMES.values())
    missing = line_of(text, "ResNet50")
    assert missing[1] == ".68 / .65 / .64 / .62"
    assert missing[2:] == ["–"] * 6
    assert line_of(text, "Custom CNN")[2:4] == ["–", "–"]


def test_a_recipe_is_a_line_and_says_its_folds():
    one = simulated(40, model="cnn", recipe="tuned", folds=[0, 1], epochs=[24, 24])
    text = text_of([one, simulated(40, 1, model="cnn"), simulated(40, 2, protocol="published")])
    lines = [line for line in text.splitlines() if line.startswith("| Custom CNN |")]
    assert len(lines) == 2
    assert "leak-free: only fold 0, 1 of 5, 40 pages, 24 epochs" in lines[1]
    assert "published: 40 test files of 40 pages, 3 to 5 epochs; leak-free: only" in lines[0]


def test_no_two_lines_have_one_title():
    stored = [
        simulated(60, seed, model=f"cnn{end}", recipe=recipe)
        for seed, (end, recipe) in enumerate(
            [("", "paper"), ("", "tuned"), ("_read", "read"), ("_read", "pretrained")]
            + [("_read_beats", "joined")]
        )
    ]
    titles = [one.title for one in score_all(stored, resamples=20)]
    assert len(set(titles)) == len(titles)
    assert "Custom CNN, page read first, pretrained" in titles
    assert "Custom CNN, page read first, with beats" in titles


def test_extent_of_five_folds():
    given = simulated(40, folds=[0, 1, 2, 3, 4], epochs=[9] * 5)
    assert extent(given) == "5 folds, 40 pages, 9 epochs"


def test_ties_and_winners_are_told():
    good = simulated(200, 0, skill=5.0, model="effnet_msa")
    same = simulated(200, 1, skill=5.0, model="cnn")
    bad = simulated(200, 2, skill=0.0, model="mobilenet")
    scored = score_all([good, same, bad], resamples=100)
    pairs = comparisons(scored)
    verdicts = results_text(scored, pairs).split("which differences are real")[1]
    assert line_of(verdicts, "Custom CNN, paper")[1:] == [
        "MobileNet, paper",
        "EfficientNet-B0 + MSA, paper",
        "–",
    ]
    assert line_of(verdicts, "MobileNet, paper")[1:3] == ["–", "–"]
    assert pairs_text(scored, pairs).count("| tie |") == 1


def test_more_than_one_data_set_is_said():
    other = simulated(40, 1, model="resnet50", data_sha256="e" * 64)
    text = text_of([simulated(40), other])
    assert "SHA-256 `dddddddddddd` (Custom CNN, paper)." in text
    assert "SHA-256 `eeeeeeeeeeee` (ResNet50, paper)." in text


def run(*arguments: str):
    import evaluate

    return CliRunner().invoke(evaluate.main, list(arguments))


def test_command_writes_everything(tmp_path):
    write_predictions(tmp_path / "results", simulated(40))
    result = run("report", "--docs", str(tmp_path), "--resamples", "100")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "RESULTS.md").read_text(encoding="utf-8").startswith("<!-- Made by")
    drawn = sorted(path.name for path in (tmp_path / "results" / "figures").iterdir())
    assert drawn == [
        "accuracy.png",
        "cnn-paper-leak-free-confusion.png",
        "cnn-paper-leak-free-curves.png",
        "risk.png",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("report", "--docs", "{tmp}"), "holds no predictions"),
        (("baselines", "--data", "{tmp}/nowhere"), "There is no folder"),
        (("baselines", "--data", "{tmp}"), "holds no page"),
    ],
)
def test_command_errors_are_one_sentence(tmp_path, arguments, message):
    result = run(*(word.format(tmp=tmp_path) for word in arguments))
    assert result.exit_code == 2
    assert message in result.output and "Traceback" not in result.output
