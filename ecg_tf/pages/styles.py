"""How papers and printers look: colours, grids, lines, letters, drawn at random."""

from dataclasses import dataclass, replace

LAYOUTS = ("3x4+1", "3x4+3", "6x2", "12x1")
ASKED_FOR = ("6x2+1", "3x4")  # layouts that are drawn only where they are asked for
LAYOUT_ODDS = (0.6, 0.12, 0.16, 0.12)
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Style:
    """One printer's paper. Lengths in millimetres."""

    name: str
    paper: Colour
    minor: Colour  # lines (or dots) every millimetre
    major: Colour  # every five
    margin: Colour  # round the paper of a whole page
    trace: Colour
    dots: bool = False
    minor_width: float = 0.12
    major_width: float = 0.22
    trace_width: float = 0.42
    letters: str = "plain"  # plain, bold, plotter, serif
    letter_height: float = 3.0
    letter_rise: float = 2.6  # of a lead's name above its baseline
    divider: str = "none"  # none, line, tick, gap
    pulse: str = "left"  # left, right, none
    header: str = "none"  # none, banner, text, grid: text on the grid
    left: float = 9.8  # from the paper's edge to the first column
    right: float = 5.8
    together: bool = False  # every column starts at the same instant
    notes: bool = False  # handwriting in the margins


# (paper, minor, major) of the usual millimetre papers.
PAPERS = {
    "pink": ((255, 247, 247), (250, 214, 214), (240, 160, 165)),
    "red": ((255, 252, 250), (252, 196, 190), (226, 104, 100)),
    "orange": ((255, 251, 243), (252, 222, 186), (238, 168, 102)),
    "green": ((248, 253, 248), (205, 232, 208), (140, 196, 148)),
    "blue": ((249, 251, 255), (207, 220, 243), (150, 176, 224)),
    "grey": ((250, 250, 250), (226, 226, 226), (186, 186, 186)),
    "cream": ((252, 246, 228), (240, 212, 190), (220, 160, 136)),
    "blank": ((255, 255, 255), (255, 255, 255), (240, 240, 240)),
}
PRINTOUT = "printout"  # header and footer on the grid itself; drawn only where it is asked for
STYLES = ("banner", *PAPERS)
STYLE_ODDS = (0.34, 0.14, 0.12, 0.09, 0.07, 0.08, 0.08, 0.05, 0.03)
MARGINS = (((247, 162, 171), 0.45), ((255, 255, 255), 0.3), ((196, 214, 236), 0.1))
MARGINS += (((206, 230, 206), 0.08), ((240, 226, 190), 0.07))


def draw_style(rng, name: str | None = None) -> Style:
    """A style of that name (any if None), its details drawn at random."""
    known = (*STYLES, PRINTOUT)
    if name is not None and name not in known:
        raise ValueError(f"style {name!r} is not known; choose one of {', '.join(known)}")
    drawn = str(rng.choice(STYLES, p=STYLE_ODDS))
    name = name or drawn
    if name == PRINTOUT:
        look = _millimetre(rng, str(rng.choice(list(PAPERS))))
        return replace(look, name=PRINTOUT, header="grid")
    return _banner(rng) if name == "banner" else _millimetre(rng, name)


def _banner(rng) -> Style:
    """A report with coloured margins and a banner, dotted grid, lines between the columns."""
    colours, odds = zip(*MARGINS, strict=True)
    margin = colours[int(rng.choice(len(colours), p=odds))]
    pale = rng.random() < 0.15
    return Style(
        name="banner",
        paper=(253, 250, 253) if pale else (254, 253, 251),
        minor=(244, 236, 246) if pale else (222, 221, 220),
        major=(233, 220, 240) if pale else (238, 220, 214),
        margin=_shade(rng, margin, 10),
        trace=(8, 8, 8),
        dots=not pale,
        minor_width=0.25,
        major_width=0.3,
        trace_width=float(rng.uniform(0.40, 0.56)),
        letters="serif",
        letter_height=3.1,
        divider="line",
        header="banner",
    )


def _millimetre(rng, name: str) -> Style:
    paper, minor, major = PAPERS[name]
    ink = ((15, 15, 15), (30, 30, 40), (20, 25, 90), (60, 60, 60), (70, 20, 60))
    pulse = str(rng.choice(["left", "right", "none"], p=[0.6, 0.25, 0.15]))
    style = Style(
        name=name,
        paper=_shade(rng, paper, 5),
        minor=_shade(rng, minor, 10),
        major=_shade(rng, major, 14),
        margin=_shade(rng, (250, 250, 250), 6),
        trace=ink[int(rng.choice(len(ink), p=[0.55, 0.2, 0.1, 0.1, 0.05]))],
        minor_width=float(rng.uniform(0.08, 0.2)),
        major_width=float(rng.uniform(0.15, 0.34)),
        trace_width=float(rng.uniform(0.25, 0.6)),
        letters=str(rng.choice(["plain", "bold", "plotter", "serif"])),
        letter_height=float(rng.uniform(2.4, 4.2)),
        letter_rise=float(rng.uniform(2.0, 9.0)),
        divider=str(rng.choice(["none", "tick", "gap", "line"], p=[0.35, 0.35, 0.2, 0.1])),
        pulse=pulse,
        header="text",
        left=float(rng.uniform(7.0, 12.0) if pulse == "left" else rng.uniform(2.0, 6.0)),
        right=float(rng.uniform(7.0, 11.0) if pulse == "right" else rng.uniform(2.0, 7.0)),
        together=bool(rng.random() < 0.2),
        notes=bool(rng.random() < 0.12),
    )
    if rng.random() < 0.12:  # dots instead of millimetre lines
        style = replace(style, dots=True, minor=_shade(rng, minor, 4, -30), minor_width=0.3)
    return style


def _shade(rng, colour: Colour, spread: int, shift: int = 0) -> Colour:
    moved = [int(part + shift + rng.integers(-spread, spread + 1)) for part in colour]
    return tuple(min(max(part, 0), 255) for part in moved)
