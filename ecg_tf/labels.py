"""The four classes: their keys, their order on the wire, their names for people and folders."""

import re

LABELS = ("normal", "myocardial_infarction", "history_of_mi", "abnormal_heartbeat")

DISPLAY = {
    "normal": "normal",
    "myocardial_infarction": "myocardial infarction",
    "history_of_mi": "history of myocardial infarction",
    "abnormal_heartbeat": "abnormal heartbeat",
}

# Folder names of the published Mendeley and Kaggle versions, lower case, letters only.
_FOLDERS = {
    "normal": "normal",
    "normalperson": "normal",
    "normalpersonecgimages": "normal",
    "myocardialinfarction": "myocardial_infarction",
    "myocardialinfarctionpatients": "myocardial_infarction",
    "mi": "myocardial_infarction",
    "ecgimagesofmyocardialinfarctionpatients": "myocardial_infarction",
    "historyofmi": "history_of_mi",
    "historyofmyocardialinfarction": "history_of_mi",
    "patientthathavehistoryofmi": "history_of_mi",
    "ecgimagesofpatientthathavehistoryofmi": "history_of_mi",
    "pmi": "history_of_mi",
    "abnormalheartbeat": "abnormal_heartbeat",
    "patientthathaveabnormalheartbeat": "abnormal_heartbeat",
    "ecgimagesofpatientthathaveabnormalheartbeat": "abnormal_heartbeat",
    "hb": "abnormal_heartbeat",
}


def label_of_folder(name: str) -> str | None:
    """The label a folder name stands for, or None for a name that is not known.

    Case, spaces, underscores and the counts that the published folders carry
    ("Normal Person ECG Images (284x12=3408)") do not matter.
    """
    bare = re.sub(r"\(.*?\)", "", name.lower())
    return _FOLDERS.get(re.sub(r"[^a-z]", "", bare))
