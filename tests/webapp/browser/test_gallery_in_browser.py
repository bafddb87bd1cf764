"""The comparison of methods in a real browser, computed by the real process with TensorFlow."""

from playwright.sync_api import expect

from ecg_tf.explain.about import ABOUT
from tests.webapp.browser.test_accessibility import findings

MOST = 900_000  # milliseconds: TensorFlow starts anew, behind all else that the machine is at


def test_methods_side_by_side(sign_up):
    page = sign_up()
    page.get_by_role("button", name="Try a drawn page").click()
    expect(page.locator(".rationale")).to_be_visible()
    page.get_by_text("What Grad-CAM with traces shows, and its known limits").click()
    limits = page.locator(".limits.of-gradcam_traces")
    expect(limits).to_contain_text(ABOUT["gradcam_traces"].limit)

    # With the keyboard; the maps come one by one, without a reload.
    page.get_by_role("button", name="Compare methods").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare methods")
    expect(page.locator("#progress")).to_contain_text("of 8 methods are done")
    page.evaluate("window.kept = true")
    expect(page.locator(".tile.first.done")).to_be_visible(timeout=MOST)
    expect(page.locator("#announce")).to_contain_text("of 8 methods are done.")
    expect(page.locator(".tile.done")).to_have_count(8, timeout=MOST)
    expect(page.locator("#progress")).to_contain_text("All 8 methods are done.")
    assert page.evaluate("window.kept")
    expect(page.locator(".agreement tbody tr")).to_have_count(8)
    for picture in page.locator(".tile-heat").all():
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 500

    page.get_by_label("Overlay strength").fill("40")
    expect(page.locator(".tile-heat").first).to_have_css("opacity", "0.4")
    with page.expect_download() as started:
        page.get_by_role("link", name="the page under SmoothGrad").click()
    with open(started.value.path(), "rb") as file:
        assert file.read().startswith(b"\x89PNG")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert findings(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("link", name="drawn page").click()
    page.get_by_role("link", name="See the comparison of methods").click()
    expect(page.locator(".tile.done")).to_have_count(8)
