import pytest

from ecg_tf.labels import DISPLAY, LABELS, label_of_folder


def test_the_order_on_the_wire_is_fixed():
    assert LABELS == ("normal", "myocardial_infarction", "history_of_mi", "abnormal_heartbeat")
    assert tuple(DISPLAY) == LABELS


@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("normal", "normal"),
        ("Normal Person ECG Images (284x12=3408)", "normal"),
        ("ECG Images of Myocardial Infarction Patients (240x12=2880)", "myocardial_infarction"),
        ("ECG Images of Patient that have History of MI (172x12=2064)", "history_of_mi"),
        ("ECG Images of Patient that have abnormal heartbeat (233x12=2796)", "abnormal_heartbeat"),
        ("history_of_mi", "history_of_mi"),
        ("Abnormal Heartbeat", "abnormal_heartbeat"),
        ("train", None),
        ("abnormal", None),
        ("", None),
    ],
)
def test_label_of_folder(folder, label):
    assert label_of_folder(folder) == label
