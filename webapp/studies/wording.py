"""The sentences about an answer that the model server leaves to us."""

from ecg_tf.explain.rationale import percent
from serving.client import Result

RESEARCH = "Research use only: what the model answers is no diagnosis."
DECISIONS = {
    "answer": "Answered",
    "refer": "Refer to a cardiologist",
    "refuse": "Not an ECG page",
}


def reason(found: Result) -> str:
    """Why the model answered, referred or refused, in one sentence."""
    if found.decision == "refuse":
        return (
            "This does not look like a 12-lead ECG page "
            f"(page score {found.page_score:.2f} of 1), so the model gives no answer."
        )
    if found.decision == "refer":
        return (
            f"A confidence of {percent(found.confidence)} is too low for an answer of the model's "
            "own, or the leads were not found where a layout that it reads has them; a "
            "cardiologist should read it."
        )
    return f"A confidence of {percent(found.confidence)} is enough for an answer of its own."
