"""The words about the methods, and which one comes first."""

import subprocess
import sys

from ecg_tf.explain import about
from ecg_tf.explain.about import ABOUT, SHOWN_FIRST, in_order


def test_every_method_has_words_of_its_own():
    words = [text for each in ABOUT.values() for text in (each.title, each.shows, each.limit)]
    assert len(set(words)) == 3 * len(ABOUT) == 24
    for each in ABOUT.values():
        assert each.shows.endswith(".") and each.limit.endswith(".")


def test_the_one_shown_first_stands_in_front(monkeypatch):
    assert in_order(ABOUT)[0] == SHOWN_FIRST
    monkeypatch.setattr(about, "SHOWN_FIRST", "b")
    assert in_order(["a", "b", "c"]) == ["b", "a", "c"]
    assert in_order(["c", "a"]) == ["c", "a"]


def test_it_needs_no_tensorflow():
    code = "import sys, ecg_tf.explain.about, ecg_tf.explain.gallery; print('keras' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout == "False\n", found.stderr
