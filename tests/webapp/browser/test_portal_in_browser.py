"""What a person does, in a real browser, with the shipped model behind it."""

import base64
import re
import time

from PIL import Image
from playwright.sync_api import Page, expect

from ecg_tf.pages.synthetic import draw
from tests.webapp.browser.conftest import PASSWORD, PATIENCE
from tests.webapp.studies import files

ANSWERS = re.compile("Normal|Myocardial infarction|History of myocardial|Abnormal heartbeat")


def ecg(seed: int = 104) -> bytes:
    page = draw(seed, layout="3x4+1", size=(786, 1106), whole=True, style="banner").image
    return files.jpeg(page)


def choose(page: Page, data: bytes, name: str, kind: str = "image/jpeg") -> None:
    page.set_input_files("#files", [{"name": name, "mimeType": kind, "buffer": data}])


def open_study(page: Page, name: str) -> None:
    page.locator("#uploads").get_by_role("link", name=name).click()


def test_the_whole_way(sign_up):
    page = sign_up()
    choose(page, ecg(), "ward 3.jpg")
    row = page.locator(".upload", has_text="ward 3.jpg")
    expect(row.locator("img")).to_be_visible()
    expect(row).to_have_class(re.compile("done"))
    expect(row).to_contain_text(ANSWERS)
    open_study(page, "ward 3.jpg")

    # The answer, then the explanation, without a reload by hand.
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWERS)
    expect(page.locator(".answer-card .bars li")).to_have_count(4)
    expect(page.locator(".decision")).to_contain_text("confidence of")
    expect(page.locator(".rationale")).to_contain_text("By Grad-CAM")
    expect(page.locator("main")).to_contain_text("Research use only")
    expect(page.locator("#about")).to_contain_text(re.compile(r"version \d+"))

    # Overlays, strength, boxes, zoom.
    heat = page.locator(".sheet-heat.of-gradcam_traces")
    other = page.locator(".sheet-heat.of-integrated_gradients")
    expect(heat).to_have_css("visibility", "visible")
    page.get_by_role("radio", name="Integrated gradients").check()
    expect(heat).to_have_css("visibility", "hidden")
    expect(other).to_have_css("visibility", "visible")
    page.get_by_label("Overlay strength").fill("40")
    expect(other).to_have_css("opacity", "0.4")
    expect(page.locator("#opacity-value")).to_have_text("40 %")
    boxes = page.locator(".sheet-boxes.of-integrated_gradients")
    expect(boxes).to_be_visible()
    page.get_by_label("Lead boxes").uncheck()
    expect(boxes).to_be_hidden()
    before = page.locator("#sheet").bounding_box()["width"]
    page.get_by_role("button", name="Larger").click()
    expect(page.locator("#zoom-value")).to_have_text("150 %")
    assert page.locator("#sheet").bounding_box()["width"] > 1.4 * before
    page.get_by_role("radio", name="None").check()
    expect(other).to_have_css("visibility", "hidden")

    # Opinion.
    page.get_by_label("Abnormal heartbeat").check()
    page.get_by_label("Comment").fill("Second beat from the left")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".notice")).to_contain_text("Thank you")
    expect(page.get_by_label("Comment")).to_have_value("Second beat from the left")
    expect(page.get_by_label("Abnormal heartbeat")).to_be_checked()

    # Downloads.
    for link, start in (("Report (PDF)", b"%PDF"), ("Grad-CAM (PNG)", b"\x89PNG"), ("JSON", b"{")):
        with page.expect_download() as started:
            page.get_by_role("link", name=link).click()
        with open(started.value.path(), "rb") as file:
            assert file.read().startswith(start)

    # History, deletion, log-out.
    page.get_by_role("link", name="Studies").first.click()
    page.get_by_label("Name").fill("ward")
    page.get_by_role("button", name="Search").click()
    page.locator(".study-card", has_text="ward 3.jpg").click()
    page.get_by_text("Delete this study").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator(".notice")).to_contain_text("The study is deleted.")
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/log-in"))
    page.goto("/studies")
    expect(page).to_have_url(re.compile("/log-in"))


def test_a_drawn_page_can_be_tried_and_downloaded(sign_up):
    page = sign_up()
    with page.expect_download() as started:
        page.get_by_role("link", name="download one").click()
    with Image.open(started.value.path()) as picture:
        assert picture.format == "PNG"
    page.get_by_role("button", name="Try a drawn page").click()
    expect(page.locator(".rationale")).to_be_visible()


def test_files_dropped_on_the_page(sign_up):
    page = sign_up()
    # What a browser makes of a drop: files in a DataTransfer.
    drop = """([data]) => {
        const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], "dropped.jpg", { type: "image/jpeg" }));
        transfer.items.add(new File(["hello"], "notes.png", { type: "image/png" }));
        document.getElementById("upload").dispatchEvent(
            new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
    }"""
    page.evaluate(drop, [base64.b64encode(ecg()).decode()])
    expect(page.locator(".upload", has_text="dropped.jpg")).to_contain_text(ANSWERS)
    wrong = page.locator(".upload", has_text="notes.png")
    expect(wrong).to_contain_text("This is not a picture; send a PNG or JPEG file.")
    page.goto("/studies")
    expect(page.locator(".study-card")).to_have_count(1)


def test_a_file_chosen_before_the_script_was_there(sign_up):
    page = sign_up()
    held = []
    page.route("**/upload.js", lambda route: held.append(route))
    with page.expect_request("**/upload.js"):
        page.goto("/", wait_until="commit")
    expect(page.get_by_role("button", name="Upload", exact=True)).to_be_visible()
    choose(page, b"hello", "early.png", "image/png")
    held[0].continue_()
    expect(page.locator(".upload", has_text="early.png")).to_contain_text("not a picture")
    expect(page.get_by_role("button", name="Upload", exact=True)).to_be_hidden()


def test_a_busy_server_is_asked_again_and_a_broken_one_when_the_person_says_so(sign_up):
    page = sign_up()
    answers = [(429, {"Retry-After": "1"}), (500, {})]

    def answer(route):
        status, headers = answers.pop(0)
        route.fulfill(status=status, headers=headers, json={"error": {"message": "No."}})

    page.route("**/studies", answer, times=len(answers))
    choose(page, b"hello", "patient.png", "image/png")
    row = page.locator(".upload", has_text="patient.png")
    expect(row).to_contain_text("will be sent again by itself")
    expect(row).to_contain_text("No.")
    row.get_by_role("button", name="Try again").click()
    expect(row).to_contain_text("This is not a picture")
    assert answers == []


def test_a_photo_that_is_no_ecg_is_refused(sign_up):
    page = sign_up()
    choose(page, files.photo(), "holiday.jpg")
    expect(page.locator(".upload", has_text="holiday.jpg")).to_contain_text("Not an ECG page")
    open_study(page, "holiday.jpg")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not an ECG page")
    expect(page.locator(".decision")).to_contain_text("does not look like a 12-lead ECG page")
    expect(page.locator(".answer-card .bars")).to_have_count(0)


def test_the_model_server_is_killed_and_comes_back(sign_up, portal):
    page = sign_up()
    portal.kill_model_server()
    choose(page, ecg(7), "late.jpg")
    row = page.locator(".upload", has_text="late.jpg")
    expect(row).to_contain_text("The model server is away. The page is kept")
    open_study(page, "late.jpg")
    expect(page.get_by_role("heading", level=1)).to_have_text("The model server is away")
    assert not portal.is_ready()
    # `scripts/start` starts it again, and the study ends by itself, on the open page.
    portal.wait_until_ready()
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWERS)
    expect(page.locator(".rationale")).to_be_visible()


def test_on_a_phone(sign_up):
    page = sign_up(
        viewport={"width": 360, "height": 740},
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
    )
    page.get_by_role("button", name="Try a drawn page").tap()
    expect(page.locator(".rationale")).to_be_visible()
    page.get_by_role("radio", name="Integrated gradients").tap()
    expect(page.locator(".sheet-heat.of-integrated_gradients")).to_have_css("visibility", "visible")
    for path in (page.url, "/", "/studies", "/account"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_with_the_keyboard_alone(sign_up):
    page = sign_up()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Try a drawn page").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".rationale")).to_be_visible()
    page.locator("#map-gradcam").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".sheet-heat.of-integrated_gradients")).to_have_css("visibility", "visible")
    page.keyboard.press("Tab")
    expect(page.locator("#stage")).to_be_focused()
    page.keyboard.press("+")
    expect(page.locator("#zoom-value")).to_have_text("150 %")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Overlay strength")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#opacity-value")).to_have_text("99 %")


def test_without_scripts(sign_up):
    page = sign_up(java_script_enabled=False)
    choose(page, ecg(11), "plain.jpg")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page).to_have_url(re.compile("/studies/"))
    # The page asks for itself anew until all is there; the overlays are the style sheet's.
    expect(page.locator(".rationale")).to_be_visible()
    page.get_by_role("radio", name="Integrated gradients").check()
    expect(page.locator(".sheet-heat.of-integrated_gradients")).to_have_css("visibility", "visible")


def test_the_explanation_arrives_while_somebody_types(sign_up):
    page = sign_up()
    told = {"stage": "waiting", "away": False, "done": False}
    page.route("**/status", lambda route: route.fulfill(json=told))
    page.get_by_role("button", name="Try a drawn page").click()
    page.wait_for_url("**/studies/*")
    deadline = time.monotonic() + PATIENCE / 1000
    while not page.request.get(f"{page.url}/status").json()["done"]:
        assert time.monotonic() < deadline, "the study was not explained"
        time.sleep(0.5)
    told["stage"] = "answered"
    comment = page.get_by_label("Comment")
    comment.press_sequentially("The second be")
    told.update(stage="explained", done=True)
    expect(page.locator("#announce")).to_have_text("The explanation is ready.")
    expect(comment).to_be_focused()
    page.keyboard.type("at")
    expect(comment).to_have_value("The second beat")


def test_a_session_that_has_ended_before_the_upload(sign_up):
    page = sign_up()
    page.context.clear_cookies()
    choose(page, ecg(), "page.jpg")
    row = page.locator(".upload", has_text="page.jpg")
    expect(row).to_contain_text("Your session has ended, so the file was not kept.")
    row.get_by_role("link", name="Log in again").click()
    expect(page).to_have_url(re.compile("/log-in"))


def test_a_double_click_makes_one_study(sign_up):
    page = sign_up(java_script_enabled=False)
    choose(page, ecg(), "twice.jpg")
    page.get_by_role("button", name="Upload", exact=True).dblclick(no_wait_after=True)
    expect(page).to_have_url(re.compile("/studies/"))
    page.goto("/studies")
    expect(page.locator(".study-card")).to_have_count(1)


def test_the_account_is_deleted_with_its_studies(sign_up, portal):
    page = sign_up()
    page.get_by_role("button", name="Try a drawn page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWERS)
    study = page.url
    page.goto("/account")
    page.get_by_text("I want to delete my account").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Delete everything").click()
    expect(page).to_have_url(re.compile("/log-in"))
    page.goto(study)
    expect(page).to_have_url(re.compile("/log-in"))
    for log in (portal.state / "logs").glob("*.log"):
        assert "Traceback" not in log.read_text(errors="replace"), log.name
