"""Where things are on a page: boxes, and the leads of the 3 x 4 + rhythm layout."""

from typing import NamedTuple

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
ROWS = (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"))
RHYTHM = "rhythm"
USUAL_FORM = "3x4+1"
LINES = len(ROWS) + 1  # of traces: three rows of four leads and the rhythm strip

TERRITORY = {
    "I": "lateral",
    "II": "inferior",
    "III": "inferior",
    "aVR": "right",
    "aVL": "lateral",
    "aVF": "inferior",
    "V1": "septal",
    "V2": "septal",
    "V3": "anterior",
    "V4": "anterior",
    "V5": "lateral",
    "V6": "lateral",
}


class Box(NamedTuple):
    """A rectangle in fractions 0..1 of the page's width (left, right) and height (top, bottom)."""

    left: float
    top: float
    right: float
    bottom: float

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) in whole pixels of a page of that size."""
        return (
            round(self.left * width),
            round(self.top * height),
            round(self.right * width),
            round(self.bottom * height),
        )

    def within(self, outer: "Box") -> "Box":
        """This box, given in fractions of `outer`, in fractions of the page `outer` lies on."""
        width, height = outer.right - outer.left, outer.bottom - outer.top
        return Box(
            outer.left + self.left * width,
            outer.top + self.top * height,
            outer.left + self.right * width,
            outer.top + self.bottom * height,
        )


WHOLE = Box(0.0, 0.0, 1.0, 1.0)
