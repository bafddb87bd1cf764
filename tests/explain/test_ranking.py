import numpy as np
import pytest

from ecg_tf.explain.ranking import figure, ranked, values_of


def row(method, page, **measured):
    usual = {"hit_territory": 0.5, "deletion": 0.5, "insertion": 0.5, "shift": 0.9, "jpeg": 0.9}
    usual |= {"sanity": 0.1, "seconds": 0.5, "answer": 1.0, "label": 1.0, "page": str(page)}
    return usual | {"method": method} | measured


def rows(method, n=20, **measured):
    return [row(method, page, **measured) for page in range(n)]


REFERENCES = rows("random", hit_territory=0.3, shift=0.0) + rows("centre", deletion=0.6)


def test_the_method_with_the_best_ranks_wins_whatever_the_references_do():
    good = rows("saliency", hit_territory=1.0, deletion=0.2)
    found = ranked(good + rows("gradcam") + rows("random", hit_territory=1.0, deletion=0.0))
    assert found["winner"] == "saliency"
    # Two criteria won, two shared: ranks 1, 1, 1.5, 1.5.
    assert found["mean_rank"] == {"gradcam": 1.75, "saliency": 1.25}
    assert found["wins"] == {"gradcam": 0.0, "saliency": 1.0}


def test_less_deletion_is_better_and_more_of_the_rest():
    better = {"hit_territory": 0.6, "deletion": 0.4, "insertion": 0.6, "shift": 0.95}
    for key, value in better.items():
        assert ranked(rows("gradcam") + rows("saliency", **{key: value}))["winner"] == "saliency"
        worse = {key: 1.4 - value if key == "shift" else 1.0 - value}
        assert ranked(rows("gradcam") + rows("saliency", **worse))["winner"] == "gradcam"


def test_of_equal_ranks_the_higher_hit_rate_wins():
    found = ranked(
        rows("gradcam", hit_territory=0.4, deletion=0.4)
        + rows("saliency", hit_territory=0.6, deletion=0.6)
    )
    assert found["mean_rank"]["gradcam"] == found["mean_rank"]["saliency"]
    assert found["winner"] == "saliency"


@pytest.mark.parametrize(
    "fault, why",
    [
        ({"sanity": 0.5}, "hardly change when the weights are shuffled (correlation 0.50)"),
        ({"seconds": 3.1}, "needs 3.1 s of processor time"),
        ({"n": 19}, "measured on 19 of 20 pages"),
        ({"sanity": np.nan}, "not measured in sanity"),
        ({"shift": np.nan}, "not measured in stability"),
    ],
)
def test_a_faulty_method_is_out_however_good_it_looks(fault, why):
    found = ranked(rows("gradcam") + rows("saliency", hit_territory=1.0, deletion=0.0, **fault))
    assert found["winner"] == "gradcam"
    assert why in found["vetoes"]["saliency"]


def test_where_all_are_out_nobody_wins():
    found = ranked(rows("gradcam", sanity=0.9))
    assert found["winner"] is None and list(found["vetoes"]) == ["gradcam"]


def test_a_choice_that_hangs_on_single_pages_wins_in_part_of_the_resamples():
    rng = np.random.default_rng(0)
    noisy = [
        row(name, page, hit_territory=float(rng.random() < 0.5))
        for name in ("gradcam", "saliency")
        for page in range(20)
    ]
    found = ranked(noisy)
    assert sum(found["wins"].values()) == pytest.approx(1.0)
    assert 0.0 < found["wins"]["gradcam"] < 1.0


def test_what_the_winner_is_better_in_than_the_references_is_said():
    found = ranked(rows("gradcam", hit_territory=0.4) + REFERENCES)
    assert found["beats_references"] == {"random": ["hit_territory"], "centre": ["deletion"]}


def test_stability_is_the_mean_of_both_nudges_and_missing_values_stay_so():
    given = [row("gradcam", 0, shift=0.5, jpeg=1.0), {"method": "gradcam", "page": "1"}]
    values = values_of(given, "stability")
    assert values[0] == 0.75 and np.isnan(values[1])


def test_a_figure_is_a_mean_with_an_interval_over_pages():
    given = [row("gradcam", page, deletion=page % 2) for page in range(100)]
    found = figure(given, "deletion")
    assert found["value"] == 0.5 and found["n"] == 100
    assert found["low"] == pytest.approx(0.4, abs=0.02)  # 0.5 - 1.96 * 0.05
    assert found["high"] == pytest.approx(0.6, abs=0.02)
    assert figure(given, "gap") is None


def test_of_seconds_it_is_the_median():
    given = [row("gradcam", page, seconds=second) for page, second in enumerate((1, 2, 60))]
    assert figure(given, "seconds")["value"] == 2.0
