"""`docs/EXPLANATIONS.md`, made from a stored summary and from nothing else."""

from collections.abc import Sequence

from ecg_tf.explain.about import SHOWN_FIRST
from ecg_tf.explain.audit_summary import GROUPS
from ecg_tf.explain.audit_words import ABOUT, CAPTION, FIDELITY, LIMITS, MEND, PLACES, SANITY, TEXT
from ecg_tf.explain.names import METHODS
from ecg_tf.explain.ranking import SANE, SLOW
from ecg_tf.explain.references import REFERENCES, TITLES

GOAL_HIT, GOAL_OUTSIDE = 0.80, 0.10
CRITERION = {
    "hit_territory": "hit rate",
    "deletion": "deletion",
    "insertion": "insertion",
    "stability": "stability",
}


def text_of(summary: dict, named: Sequence[dict] = ()) -> str:
    """The whole of `docs/EXPLANATIONS.md`; `named` are the runs that `scripts/explain_drawn.py`
    stored, left out where they speak of other weights."""
    parts = [ABOUT, _made(summary), "## In short", _verdict(summary)]
    parts += ["![Drawn pages with the maps of all methods](explanations/gallery.png)", CAPTION]
    parts += ["## The pages", _pages(summary), "## The default", _ranking(summary)]
    drawn = [group for group in ("right", "drawn") if group in summary["groups"]]
    parts += ["## Does the heat lie in the right place?", PLACES]
    for group in drawn:
        parts += [f"### {_title(summary, group)}", _places(summary["groups"][group]["methods"])]
    parts += ["## Does the answer rest on the hot pixels?", FIDELITY]
    for group in summary["groups"]:
        columns = ("deletion", "insertion") + (("outside",) if group in ("real", "seen") else ())
        table = _table(summary["groups"][group]["methods"], columns)
        parts += [f"### {_title(summary, group)}", table]
    parts += ["## Does it change when it must, and only then?", SANITY]
    for group in summary["groups"]:
        if group != "right":
            columns = ("sanity", "shift", "jpeg", "gap", "seconds")
            table = _table(summary["groups"][group]["methods"], columns)
            parts += [f"### {_title(summary, group, third=True)}", table]
    same = [run for run in named if str(run["weights_sha256"]).startswith(summary["network"])]
    if same:
        parts += ["## Does the text name the true territory?", TEXT, *map(_named, same)]
    return "\n\n".join([*parts, LIMITS]) + "\n"


def _named(named: dict) -> str:
    rows = [
        (each["what"], f"{each['hits']} of {each['n']}", _cell(each | {"value": _share(each)}))
        for each in named["figures"]
    ]
    return f"Command: `{named['command']}`.\n\n" + _markdown(("what", "pages", "share"), rows)


def _share(figure: dict) -> float:
    return figure["hits"] / figure["n"]


def _made(summary: dict) -> str:
    return (
        f"Network: `{summary['model']}`, weights `{summary['network']}`. Command: "
        f"`{summary['command']}`. Drawn pages: infarctions in the layout {summary['layout']}, "
        f"seeds from {summary['first_seed']} on, every other one with light effects of a scan. "
        f"{summary['real_pages']}"
    )


def _verdict(summary: dict) -> str:
    default, lines = summary["default"], []
    right = summary["groups"].get("right")
    if right is None:
        return "No drawn page was answered rightly: nothing can be said of the true places."
    winner = default["winner"]
    if winner is None:
        return "No method passed: " + "; ".join(_vetoes(default)) + "."
    seen = right["methods"][winner]
    lines.append(
        f"- By the rule below the default is **{_name(winner)}**; it comes first in "
        f"{100 * default['wins'][winner]:.0f} % of the resamples."
    )
    if winner != SHOWN_FIRST:
        lines.append(_shown_all_the_same(summary, winner))
    lines.append(_goal_hit(seen))
    lines.append(_goal_outside(seen))
    for name in REFERENCES:
        better = [CRITERION[key] for key in default["beats_references"][name]]
        lines.append(
            f"- Against {TITLES[name]} it is better in {', '.join(better) or 'nothing'}"
            f" (of hit rate, deletion, insertion)."
        )
    lines += [f"- Out: {line}." for line in _vetoes(default)]
    lines += [f"- Not measured: {_name(name)}." for name in METHODS if name not in right["methods"]]
    share = summary["groups"]["drawn"]["accuracy"]
    lines.append(
        f"- The network answers {_cell(share)} of the drawn infarctions rightly. The part of it "
        "that answers for other printers has learnt from others, drawn by the same program."
    )
    return "\n".join(lines)


def _shown_all_the_same(summary: dict, winner: str) -> str:
    """Why people see another method first than the one that won."""
    line = f"- Shown first is **{_name(SHOWN_FIRST)}** all the same"
    seconds = summary["groups"]["drawn"]["methods"][winner]["seconds"]["value"]
    if seconds <= SLOW / 2:
        return line + "."
    return line + (
        f": {_name(winner)} needs {seconds:.1f} s of processor time a page here, so that the rule "
        f"puts it out on a machine {SLOW / seconds:.1f} times as slow, and people have such."
    )


def _goal_hit(seen: dict) -> str:
    hit, chance = seen["hit_territory"], seen["chance_territory"]["value"]
    reached = "reached" if hit["value"] >= GOAL_HIT else "**missed**"
    even = (
        "the interval does not hold chance"
        if hit["low"] > chance
        else "**which is not told apart from chance: the network looks at the wrong places, or the "
        "map does not show where it looks**"
    )
    return (
        f"- Its hottest pixel lies in the territory of the infarction on {_cell(hit)} of the "
        f"pages answered rightly; chance is {chance:.2f}; {even}. The goal of {GOAL_HIT:.2f} is "
        f"{reached}." + (MEND if hit["value"] < GOAL_HIT else "")
    )


def _goal_outside(seen: dict) -> str:
    outside, chance = seen["outside"], seen["outside_chance"]["value"]
    reached = "reached" if outside["value"] <= GOAL_OUTSIDE else "**missed**"
    return (
        f"- Outside all leads lies {_cell(outside)} of its heat, beside {chance:.2f} of the page. "
        f"The goal of at most {GOAL_OUTSIDE:.2f} is {reached}."
    )


def _vetoes(default: dict) -> list[str]:
    return [f"{_name(name)}: {why}" for name, why in default["vetoes"].items()]


def _pages(summary: dict) -> str:
    rows = [
        (
            GROUPS[name],
            str(group["pages"]),
            _cell(group["accuracy"]),
            _cell(group["p"]),
            _cell(group["p_blank"]),
        )
        for name, group in summary["groups"].items()
    ]
    head = ("pages", "n", "answered rightly", "probability of the class", "of blank paper")
    return _markdown(head, rows) + (
        "\n\nThe class explained is the page's label. Figures on pages answered wrongly say little "
        "of a map: the network did not see the class there."
    )


def _ranking(summary: dict) -> str:
    default = summary["default"]
    rows = [
        (_name(name), f"{rank:.2f}", f"{100 * default['wins'][name]:.0f} %", "")
        for name, rank in sorted(default["mean_rank"].items(), key=lambda item: item[1])
    ]
    rows += [(_name(name), "–", "–", why) for name, why in default["vetoes"].items()]
    rule = (
        "The rule was fixed before the figures were seen (`ecg_tf/explain/ranking.py`): on the "
        "drawn infarctions answered rightly, the smallest mean rank over "
        f"{', '.join(CRITERION.values())} (stability: the mean of shift and JPEG). A method is "
        f"out if its maps keep a rank correlation of {SANE} or more when the weights are shuffled, "
        "or if it needs more than "
        f"{SLOW:g} seconds a page. A method that comes first in few of the resamples is a tie."
    )
    return f"{rule}\n\n" + _markdown(("method", "mean rank", "comes first in", "out"), rows)


def _places(methods: dict) -> str:
    names = ("territory", "leads", "segments")
    columns = [f"{what}_{name}" for name in names for what in ("hit", "mass")] + ["outside"]
    chances = [f"chance_{name}" for name in names for _ in range(2)] + ["outside_chance"]
    head = ("method", "territory: hit", "mass", "changed leads: hit", "mass")
    head += ("segments: hit", "mass", "outside")
    some = next(iter(methods.values()))
    rows = [("*chance*", *(f"{some[name]['value']:.2f}" for name in chances))]
    rows += [
        (_name(name), *(_cell(seen.get(column)) for column in columns))
        for name, seen in methods.items()
    ]
    return _markdown(head, rows)


HEADS = {
    "sanity": "weights shuffled",
    "jpeg": "JPEG",
    "outside": "outside the leads",
}


def _table(methods: dict, columns: tuple[str, ...]) -> str:
    columns = tuple(key for key in columns if any(key in seen for seen in methods.values()))
    rows = [
        (_name(name), str(seen[columns[0]]["n"]), *(_cell(seen.get(key)) for key in columns))
        for name, seen in methods.items()
        if columns[0] in seen
    ]
    return _markdown(("method", "n", *(HEADS.get(key, key) for key in columns)), rows)


def _title(summary: dict, group: str, third: bool = False) -> str:
    title = GROUPS[group][0].upper() + GROUPS[group][1:]
    pages = summary["groups"][group]["pages"]
    return f"{title}{', every third' if third else ''} ({pages} pages)"


def _name(method: str) -> str:
    return METHODS.get(method) or TITLES[method]


def _cell(figure: dict | None) -> str:
    if figure is None:
        return "–"
    return f"{figure['value']:.2f} [{figure['low']:.2f}, {figure['high']:.2f}]"


def _markdown(head, rows) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
