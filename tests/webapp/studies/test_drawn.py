"""The pages to try the portal with: the gate takes every one for an ECG page, with its leads."""

import numpy as np
import pytest

from ecg_tf.labels import LABELS
from ecg_tf.models.gate import page_score
from ecg_tf.pages.ink import prepare
from ecg_tf.pages.layout import LEADS, RHYTHM
from ecg_tf.pages.leads import find_layout
from ecg_tf.pages.read import read_page
from webapp.studies import drawn

SURE = 0.9  # far from the least score that is let in, for what the portal shows to a newcomer


@pytest.mark.parametrize("number", range(len(drawn.PAGES)))
def test_a_page_to_try_is_never_refused_and_its_leads_are_found(number):
    page = read_page(drawn.drawn_page(number).getvalue())
    prepared = prepare(page.astype(np.float32), 224, 224)
    assert page_score(prepared[None])[0] > SURE
    assert set(find_layout(page).leads) == {*LEADS, RHYTHM}


def test_any_of_them_is_drawn_and_all_labels_are_among_them(monkeypatch):
    assert {label for _, label in drawn.PAGES} == set(LABELS)
    monkeypatch.setattr(drawn.secrets, "choice", lambda pages: pages[-1])
    last = len(drawn.PAGES) - 1
    assert drawn.drawn_page().getvalue() == drawn.drawn_page(last).getvalue()
