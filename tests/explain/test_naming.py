"""On a network that sees nothing but ink in the inferior leads, which makes the truth known."""

import json

import keras
import numpy as np
import pytest

from ecg_tf.classifier import Classifier
from ecg_tf.explain.naming import name_territories
from ecg_tf.models.head import classify, page_input
from ecg_tf.pages.columns import SPAN

SIZE = (240, 400)
SEEDS = (1, 2, 3, 4)


@pytest.fixture(scope="module")
def inferior():
    """Its answer is infarction, the surer the more ink there is about III: lowest row of leads, at
    the left."""
    page = page_input(SIZE)
    ink = keras.layers.Rescaling(-1 / 255, offset=1.0)(page)
    corner = keras.layers.Cropping2D(((120, 60), (round(SPAN[0] * SIZE[1]), 320)))(ink)
    pooled = keras.layers.GlobalAveragePooling2D()(corner)
    model = keras.Model(page, classify(pooled), name="inferior")
    kernel = np.zeros((3, 4), np.float32)
    kernel[:, 1] = 8.0
    model.get_layer("p").set_weights([kernel, np.array([0.0, 1.0, 0.0, 0.0])])
    return Classifier(model, {"size": SIZE, "temperature": 0.7})


def test_the_territory_of_the_leads_that_the_network_looks_at_is_named(inferior):
    found = list(name_territories(inferior, SEEDS))
    assert [each.seed for each in found] == list(SEEDS)
    known = [each for each in found if each.territory]
    assert len(known) >= 3 and {each.territory for each in known} == {"inferior"}
    assert all(each.right == ("inferior" in each.true) for each in known)
    assert {each.answer for each in found} == {"myocardial_infarction"}
    assert any(each.abnormal for each in known)


def test_the_script_prints_shares_with_their_intervals(inferior, monkeypatch, tmp_path):
    import explain_drawn as program
    from click.testing import CliRunner

    monkeypatch.setattr("ecg_tf.classifier.load", lambda weights: inferior)
    options = ["--first", "1", "--pages", "4", "--out", str(tmp_path / "drawn.json")]
    result = CliRunner().invoke(program.main, options)
    assert result.exit_code == 0, result.output
    stored = json.loads((tmp_path / "drawn.json").read_text())["figures"]
    lines = result.output.splitlines()
    assert [f"{each['what']}: {each['hits']} of {each['n']}" for each in stored] == [
        line.rsplit(", 0.", 1)[0].rsplit(", 1.", 1)[0] for line in lines if "no page" not in line
    ]
    assert len(lines) == 9
    assert lines[0].startswith("territory right, where infarction is the answer: ")
    assert all(" of 4, 0." in line or " of 4, 1." in line for line in lines[5:])


def test_weights_that_are_not_there_are_said_to_be_so(tmp_path):
    import explain_drawn as program
    from click.testing import CliRunner

    result = CliRunner().invoke(program.main, ["--weights", str(tmp_path / "a.weights.h5")])
    assert result.exit_code == 2 and "There is no file" in result.output


def test_no_page_is_no_share(capsys):
    import explain_drawn as program

    program.say("what", [])
    program.say("right", [True, True, False, True])
    assert capsys.readouterr().out == "what: no page\nright: 3 of 4, 0.750 (0.301 to 0.954)\n"
