import json
from dataclasses import replace

import numpy as np
import pytest

from ecg_tf.evaluation.predictions import (
    combine,
    of_repeats,
    per_page,
    read_all,
    read_predictions,
    with_other_repeats,
    write_predictions,
)
from tests.evaluation.stored import META, simulated

HEADER = "page_id,label,repeat,fold,normal,myocardial_infarction,history_of_mi,abnormal_heartbeat"
GOOD = "a,normal,0,0,0.7,0.1,0.1,0.1\nb,normal,0,1,0.7,0.1,0.1,0.1\n"


def put(folder, lines, header=HEADER, **meta):
    path = folder / "cnn-paper-leak-free.csv"
    path.write_text(f"{header}\n{lines}")
    path.with_suffix(".json").write_text(json.dumps(META | meta))
    return path


def test_what_is_written_is_read(tmp_path):
    given = simulated(12)
    path = write_predictions(tmp_path / "results", given)
    assert path.name == "cnn-paper-leak-free.csv"
    found = read_predictions(path)
    assert found.meta == given.meta
    assert found.page_ids.tolist() == given.page_ids.tolist()
    assert found.labels.tolist() == given.labels.tolist()
    assert found.fold.tolist() == given.fold.tolist()
    assert found.probabilities == pytest.approx(given.probabilities, abs=1e-5)
    assert [each.name for each in read_all(path.parent)] == [given.name]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", "holds no predictions"),
        (GOOD + "c,healthy,0,0,1,0,0,0\n", "line 4: the label 'healthy' is none of normal"),
        (GOOD + "c,normal,0,0,.5,.2,.1,.1\n", "line 4: the probabilities 0.5, 0.2, 0.1, 0.1 are"),
        (GOOD + "c,normal,0,0,1.2,-.2,0,0\n", "line 4: the probabilities 1.2, -0.2, 0, 0 are"),
        (GOOD + "c,normal,0,0,nan,0,0,0\n", "line 4: the probabilities nan, 0, 0, 0 are"),
        (GOOD + "c,normal,0,0,high,0,0,0\n", "line 4: could not convert string to float: 'high'"),
        (GOOD + "c,normal,0,0,1,0\n", "line 4"),
        (GOOD + "c,normal,first,0,1,0,0,0\n", "line 4: invalid literal"),
        (GOOD + "a,normal,0,1,1,0,0,0\n", "page a is tested twice in repeat 0"),
        (GOOD + "a,history_of_mi,1,1,1,0,0,0\n", "page a stands under two labels"),
        (GOOD + "c,normal,0,2,1,0,0,0\n", r"says folds \[0, 1\], the lines hold \[0, 1, 2\]"),
    ],
)
def test_wrong_lines(tmp_path, lines, message):
    with pytest.raises(ValueError, match=message):
        read_predictions(put(tmp_path, lines))


def test_missing_columns_are_named(tmp_path):
    header = HEADER.replace(",label", "").replace("history_of_mi", "history")
    with pytest.raises(ValueError, match="lacks the columns label, history_of_mi"):
        read_predictions(put(tmp_path, GOOD, header))


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"protocol": "random"}, "protocol 'random' is none of leak-free, published"),
        ({"model": "resnet50"}, "describes resnet50-paper-leak-free; the names must agree"),
    ],
)
def test_wrong_description(tmp_path, meta, message):
    with pytest.raises(ValueError, match=message):
        read_predictions(put(tmp_path, GOOD, **meta))


def test_description_missing_broken_or_short(tmp_path):
    path = put(tmp_path, GOOD)
    path.with_suffix(".json").write_text('{"model": "cnn"}')
    with pytest.raises(ValueError, match="cnn-paper-leak-free.json lacks recipe, protocol"):
        read_predictions(path)
    path.with_suffix(".json").write_text("{")
    with pytest.raises(ValueError, match="is no JSON"):
        read_predictions(path)
    path.with_suffix(".json").unlink()
    with pytest.raises(ValueError, match="cnn-paper-leak-free.json is missing"):
        read_predictions(path)


def test_nothing_wrong_is_written(tmp_path):
    given = simulated(8)
    with pytest.raises(ValueError, match="sum to 1"):
        write_predictions(tmp_path, replace(given, probabilities=given.probabilities * 2))
    assert not list(tmp_path.iterdir())


def test_no_predictions_at_all(tmp_path):
    (tmp_path / "other.csv").write_text("speed\n1\n")
    with pytest.raises(ValueError, match="holds no predictions"):
        read_all(tmp_path)


def test_published_pages_may_repeat(tmp_path):
    given = simulated(8, protocol="published")
    given = replace(given, page_ids=np.repeat(["a", "b", "c", "d"], 2), labels=np.repeat(0, 8))
    assert len(read_predictions(write_predictions(tmp_path, given))) == 8


def test_per_page_averages_repeats():
    given = simulated(4)
    given = replace(
        given,
        page_ids=np.array(["b", "a", "b", "c"]),
        labels=np.array([1, 0, 1, 2]),
        repeat=np.array([0, 0, 1, 0]),
    )
    page_ids, labels, probabilities = per_page(given, np.array([0, 1]))
    assert page_ids.tolist() == ["a", "b", "c"]
    assert labels.tolist() == [0, 1, 2]
    assert probabilities[1] == pytest.approx(given.probabilities[[0, 2]].mean(axis=0))
    alone = per_page(given, np.array([1]))
    assert alone[0].tolist() == ["b"]
    assert alone[2] == pytest.approx(given.probabilities[2:3])


def in_repeat(repeat: int, **meta):
    given = simulated(8, seed=repeat, command=f"train --repeat {repeat}", **meta)
    return replace(given, repeat=given.repeat + repeat)


def test_a_repeat_is_stored_beside_the_others(tmp_path):
    both = with_other_repeats(in_repeat(1), in_repeat(0))
    assert both.repeat.tolist() == [0] * 8 + [1] * 8
    assert both.meta["command"] == "train --repeat 0; train --repeat 1"
    assert (both.meta["folds"], both.meta["epochs"]) == ([0, 1], [3, 5, 3, 5])
    found = read_predictions(write_predictions(tmp_path, both))
    assert found.meta == both.meta
    again = with_other_repeats(in_repeat(0, seconds=9), found)
    assert again.repeat.tolist() == both.repeat.tolist()
    assert again.meta["seconds"] == 10 and again.meta["command"] == both.meta["command"]


def test_a_repeat_takes_the_place_of_its_own_and_of_other_data():
    first, other = in_repeat(0), in_repeat(1, data_sha256="e" * 64)
    assert with_other_repeats(first, in_repeat(0, seconds=9)) is first
    assert with_other_repeats(first, other) is first


def test_repeats_are_taken_with_their_own_description():
    both = with_other_repeats(in_repeat(1), in_repeat(0))
    alone = of_repeats(both, [1])
    assert set(alone.repeat) == {1} and alone.meta["command"] == "train --repeat 1"
    assert of_repeats(both, {0, 1}).meta == both.meta
    assert of_repeats(alone, [1]).meta == alone.meta


def part(fold, **meta):
    given = simulated(8)
    kept = given.fold == fold
    columns = ("page_ids", "labels", "repeat", "fold", "probabilities")
    changed = {name: getattr(given, name)[kept] for name in columns}
    return replace(given, **changed, meta=META | {"folds": [fold], "epochs": [fold + 3]} | meta)


def test_folds_of_separate_runs_combine(tmp_path):
    whole = combine([part(0), part(1)])
    assert (whole.meta["folds"], whole.meta["epochs"], len(whole)) == ([0, 1], [3, 4], 8)
    write_predictions(tmp_path, whole)


def test_what_does_not_belong_together_does_not_combine():
    with pytest.raises(ValueError, match="A fold occurs twice"):
        combine([part(0), part(0)])
    with pytest.raises(ValueError, match="recipe 'paper' and 'tuned' cannot be combined"):
        combine([part(0), part(1, recipe="tuned")])
