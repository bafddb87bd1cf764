"""A study, from the upload to the deletion."""

import io
import re

from PIL import Image

from tests.webapp.studies import files
from webapp.extensions import db
from webapp.models import AuditEvent, Feedback, Study


def test_an_upload_becomes_an_answer_and_then_an_explanation(ann, upload, work, models):
    study = upload(ann)
    assert "Reading the page" in ann.get(study).text
    assert ann.get(f"{study}/status").json["stage"] == "waiting"
    assert work() == 2
    assert models.seen == ["ecg", "ecg_explain"]
    page = ann.get(study).text
    for words in (
        "Myocardial infarction",
        "93\u202f%",
        "Answered.",
        "Weight of each scale",
        "By Grad-CAM",
        "Research use only",
        "ecg, version 3",
    ):
        assert words in page
    status = ann.get(f"{study}/status").json
    assert (status["stage"], status["done"], status["label"]) == (
        "explained",
        True,
        "myocardial_infarction",
    )
    assert work() == 0


def test_the_answer_stands_before_the_explanation(ann, app, upload):
    study = upload(ann)
    queue = app.extensions["queues"].answers
    queue.execute(queue.dequeue())
    page = ann.get(study).text
    assert "Myocardial infarction" in page
    assert "Asking the model where it looked" in page
    assert ann.get(f"{study}/status").json["done"] is False


def test_what_is_no_page_is_refused_and_not_explained(ann, upload, work, models):
    study = upload(ann, files.photo(), "cat.jpg")
    work()
    page = ann.get(study).text
    assert "Not an ECG page" in page
    assert "page score 0.04" in page
    assert models.seen == ["ecg"]
    assert ann.get(f"{study}/status").json["done"] is True
    assert ann.get(f"{study}/report.pdf").data.startswith(b"%PDF")


def test_a_low_confidence_refers_to_a_cardiologist(ann, upload, work, models):
    models.answer |= {"probabilities": [0.3, 0.4, 0.2, 0.1], "decision": "refer"}
    study = upload(ann)
    work()
    assert "Refer to a cardiologist." in ann.get(study).text


def test_a_model_without_scales_is_explained_without_them(ann, upload, work, models):
    models.scale_weights = []
    study = upload(ann)
    work()
    page = ann.get(study).text
    assert "By Grad-CAM" in page
    assert "Weight of each scale" not in page


def test_a_version_rolled_out_in_between_answers_and_explains(ann, app, upload, work, models):
    study = upload(ann)
    queue = app.extensions["queues"].answers
    queue.execute(queue.dequeue())
    models.version = 4
    app.extensions["model_server"].close()
    app.extensions["model_server"] = None  # the client remembers the version for seconds
    models.answer |= {"probabilities": [0.9, 0.06, 0.03, 0.01], "label": "normal"}
    work()
    result = ann.get(f"{study}/result.json").json
    assert (result["label"], result["version"]) == ("normal", 4)
    assert result["explanation"]["label"] == "normal"


def test_downloads(ann, explained):
    result = ann.get(f"{explained}/result.json")
    assert "attachment" in result.headers["Content-Disposition"]
    assert result.json["decision"] == "answer"
    assert abs(sum(result.json["probabilities"].values()) - 1) < 1e-6
    for method in ("gradcam", "integrated_gradients"):
        picture = Image.open(io.BytesIO(ann.get(f"{explained}/overlay/{method}.png").data))
        assert picture.format == "PNG" and picture.width >= 1000
        layer = Image.open(
            io.BytesIO(ann.get(f"{explained}/heat/{method}.png", buffered=True).data)
        )
        assert layer.size == (700, 500)
        # White beside the box that the model's maps cover, coloured within.
        layer = layer.convert("RGB")
        assert layer.getpixel((10, 10)) == (255, 255, 255)
        assert layer.getcolors(1 << 20) and len(layer.getcolors(1 << 20)) > 10
    report = ann.get(f"{explained}/report.pdf")
    assert report.data.startswith(b"%PDF") and report.data.count(b"/Type /Page\n") == 1
    assert ann.get("/drawn-page.png", buffered=True).data.startswith(b"\x89PNG")
    assert ann.get(f"{explained}/overlay/lime.png").status_code == 404


def test_feedback_is_kept_and_can_be_changed(ann, app, explained):
    assert ann.send(f"{explained}/feedback", {"label": "myocardial_infarction"}).status_code == 302
    assert "You agreed with the model" in ann.get(explained).text
    said = {"label": "normal", "comment": "early repolarisation"}
    assert ann.send(f"{explained}/feedback", said).status_code == 302
    assert "early repolarisation" in ann.get(explained).text
    with app.app_context():
        kept = db.session.query(Feedback).one()
        assert (kept.agrees, kept.label) == (False, "normal")


def test_feedback_needs_an_answer_and_one_of_the_four(ann, upload, work):
    study = upload(ann)
    assert ann.send(f"{study}/feedback", {"label": "normal"}).status_code == 400
    work()
    assert ann.send(f"{study}/feedback", {"label": "flutter"}).status_code == 422
    assert (
        ann.send(f"{study}/feedback", {"label": "normal", "comment": "x" * 2001}).status_code == 422
    )


def test_deleting_leaves_nothing(ann, app, explained):
    assert len(list((app.config["STATE"] / "studies").glob("??/*"))) == 1
    assert ann.send(f"{explained}/delete").headers["Location"] == "/studies"
    assert list((app.config["STATE"] / "studies").glob("??/*")) == []
    assert ann.get(explained).status_code == 404
    with app.app_context():
        assert db.session.query(Study).count() == 0
        actions = [event.action for event in db.session.query(AuditEvent)]
    assert actions[-1] == "study.delete"


def test_what_people_do_with_a_study_is_in_the_audit_log(ann, app, explained):
    ann.get(explained)
    ann.get(f"{explained}/report.pdf")
    ann.send(f"{explained}/feedback", {"label": "normal"})
    with app.app_context():
        events = [event for event in db.session.query(AuditEvent) if event.study_id]
    assert [event.action for event in events] == [
        "study.upload",
        "study.view",
        "study.download",
        "study.feedback",
    ]


def test_a_drawn_page_can_be_tried(ann, work):
    response = ann.send("/studies/drawn")
    study = response.headers["Location"]
    work()
    assert "By Grad-CAM" in ann.get(study).text
    assert ann.get(f"{study}/page.jpg", buffered=True).mimetype == "image/jpeg"


def test_what_changes_without_a_lead_is_a_table(ann, upload, work, models):
    models.lead_occlusion = [-0.021, *(0.004,) * 6, -0.34, 0.12, *(0.0,) * 4]  # I; V2 and V3
    study = upload(ann)
    work()
    table = ann.get(study).text.split('<table class="leads without">')[1].split("</table>")[0]
    rows = re.findall(
        r'<th scope="row">([^<]+)</th><td>\w*</td><td class="number">([^<]+)</td>', table
    )
    assert len(rows) == 13
    assert dict(rows) | {"I": "\u22122", "V2": "\u221234", "V3": "+12", "II": "0"} == dict(rows)
    assert rows[-1][0] == "Rhythm strip"
    assert table.count('class="hot"') == 1
    assert 'class="falls" x="-50.0" width="50.0"' in table  # V2's bar is the longest
    assert 'class="rises" x="0" width="17.6"' in table
    result = ann.get(f"{study}/result.json").json
    assert round(result["explanation"]["lead_occlusion"]["V2"], 6) == -0.34


def test_a_model_server_that_says_nothing_about_leads(ann, explained):
    assert "Without one lead" not in ann.get(explained).text
    assert ann.get(f"{explained}/result.json").json["explanation"]["lead_occlusion"] == {}


def test_the_map_of_page_and_traces_comes_first(ann, explained):
    page = ann.get(explained).text
    assert re.findall(r'name="map" value="(\w+)"', page) == [
        "none",
        "gradcam_traces",
        "gradcam",
        "integrated_gradients",
    ]
    assert "By Grad-CAM with traces, the hottest region" in page
    assert 'class="limits of-gradcam_traces of-table"' in page
    for kind in ("heat", "overlay"):
        picture = ann.get(f"{explained}/{kind}/gradcam_traces.png", buffered=True)
        assert picture.data.startswith(b"\x89PNG")


def test_an_older_model_server_sends_no_map_of_page_and_traces(ann, upload, work, models):
    models.more = {"gradcam_traces": None}
    study = upload(ann)
    work()
    page = ann.get(study).text
    assert re.findall(r'name="map" value="(\w+)"', page) == [
        "none",
        "gradcam",
        "integrated_gradients",
    ]
    assert "By Grad-CAM, the hottest region" in page
