"""What `docs/EXPLANATIONS.md` says besides figures."""

ABOUT = """\
<!-- Made by `scripts/explain_audit.py` from the numbers in docs/explanations; do not edit. -->
# Are the explanations true?

Research use only. The maps say what the network attended to; this page says how far they can be
believed, with figures beside those of two maps that know nothing of the network: smooth random
hills, and a blob in the centre of the page.

Brackets hold 95 % intervals (bootstrap over pages). "n" is the number of pages. Every number per
page is in [explanations/pages.csv](explanations/pages.csv)."""

PLACES = """\
"Hit": the hottest pixel lies inside the true place. "Mass": the part of the heat inside. "Chance":
the part of the page that the place covers, which a random map reaches on average. The *territory*
is the leads that face the infarction (and a rhythm strip of one of them); the *changed leads* are
all leads with an abnormal segment, reciprocal changes among them; the *segments* are the abnormal
pieces of the traces themselves, a few per cent of the page. "Outside" is the part of the heat
outside all lead boxes, beside the part of the page that lies there."""

FIDELITY = """\
"Deletion": the area under the probability of the class while the hottest pixels are painted in
the colour of paper (smaller is better). "Insertion": the same while they are brought back onto
blank paper (larger is better). Both after RISE (Petsiuk et al. 2018), by parts of the whole page:
2, 5, 10, 15, 20, 30, 40, 60 and 80 %. The page with holes is none that the network was trained
on, so compare with the references, not with 0 and 1."""

SANITY = """\
"Weights shuffled": the rank correlation of the maps of the trained network and of the same network
with the numbers of every weight tensor shuffled (after Adebayo et al. 2018; closer to 0 is better).
"Shift" and "JPEG": the correlation of the map with that of the page moved by 2 pixels of the
network's input, and of the page saved as a JPEG of quality 75 (closer to 1 is better). "Gap": how
far the sum of integrated gradients is from the difference of the scores of page and blank paper.
"Seconds" are of processor time, one page at a time, the median and the quartiles. Measured
on every third page of a method; the slow methods are asked on every sixth page alone."""

TEXT = """\
Drawn infarctions, as printed. The text names the territory whose leads are the hottest on average
in the map of Grad-CAM with traces, for the answer that the network gave; where that is not
infarction, the map need not mark one. That rule was chosen on other pages (seeds 140000 to
140059); the heat below which the text says not to rely on it (`LEAST_TIMES` in
ecg_tf/explain/doubts.py) on those from seed 170000 on, so of them it tells nothing. The last rows
are of pairs of pages: the same page with what the infarction changed put back; the probability of
infarction has to fall (goal: in 95 % of the pairs)."""

LIMITS = """\
## Known limits

- **Grad-CAM, Grad-CAM++ and Score-CAM see one half of the network.** The network joins a part that
  looks at a thumbnail of the page and a part that reads the traces; these three look at the last
  maps of the first part alone. What the part on the traces made of the page, the larger share of
  the shipped network's answer, they cannot show. Their cells are 1/14 of the page's width and
  height: as wide as a beat and a third as high as a row of leads, too coarse for a segment.
- **Grad-CAM with traces** adds to the cells of Grad-CAM what each moment of the traces added,
  painted over the ink it was read from. It sees both parts; the traces' share begins with those of
  blank paper, as integrated gradients do.
- **Integrated gradients, saliency and SmoothGrad** see both parts, but mark single pixels; they are
  blurred for the eye. Integrated gradients begin with blank paper, to which the network gives an
  answer of its own (see the table of pages): what they divide up is the difference to that. Where
  the score changes in a jump, as when one more beat is found, no slope tells to what; the change is
  shared out by how much each moment of the traces matters there.
- **Lead occlusion** blanks a piece of a lead, and a page with a hole is not a page from a printer:
  part of a change can come from the hole. The leads without which the answer loses most named the
  true territory in 21 of 59 drawn infarctions that were answered rightly (seeds 130000 to 130119);
  so no territory is named by them.
- All of them show what moved the network's score, not why; heat in a lead is not a finding in it.
- The true places are known on drawn pages only. Of real pages nobody has marked where the
  infarction is, so there only fidelity, stability and the heat outside the leads are measured."""

CAPTION = """\
*Drawn pages: what the network sees, with the leads that face the infarction outlined, and below it
the maps for the class infarction.*"""

MEND = """\
 What could mend it: drawn pages in training, with the boxes of their territories as targets of the
  maps; or an explanation of the part on the traces, where the map shows the page's part alone."""
