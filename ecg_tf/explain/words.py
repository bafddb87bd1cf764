"""Leads and shares in words."""

from collections.abc import Sequence

from ecg_tf.pages.layout import LEADS, RHYTHM, TERRITORY


def name_leads(leads: Sequence[str]) -> str:
    """Leads in words, those of one territory together: "II and III (inferior), and V2 (septal)"."""
    territories = {}
    for lead in sorted(leads, key=(*LEADS, RHYTHM).index):
        territories.setdefault(TERRITORY.get(lead), []).append(lead)
    groups = []
    for territory, names in territories.items():
        names = ["the rhythm strip" if name == RHYTHM else name for name in names]
        groups.append(listed(names) + (f" ({territory})" if territory else ""))
    return listed(groups, " and " if len(leads) == len(groups) else ", and ")


def percent(share: float) -> str:
    """0.974 as "97 %"; what is less than 1 or more than 99 is said so."""
    if share < 0.01:
        return "less than 1 %"
    return "more than 99 %" if share > 0.99 else f"{100 * share:.0f} %"


def listed(names: Sequence[str], last: str = " and ") -> str:
    """ "a, b and c"."""
    return last.join(filter(None, (", ".join(names[:-1]), names[-1])))
