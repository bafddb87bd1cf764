"""axe-core on every page, light and dark: no serious finding."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.webapp.browser.test_portal_in_browser import choose, ecg
from tests.webapp.studies import files

SERIOUS = ("serious", "critical")


def findings(page) -> list[str]:
    """What is wrong on a page, as far as a program can tell."""
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:200]}"
        for each in found
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_finding(visit, sign_up, scheme):
    stranger = visit(color_scheme=scheme)
    for path in ("/log-in", "/sign-up", "/nowhere"):
        stranger.goto(path)
        assert findings(stranger) == [], path
    page = sign_up(color_scheme=scheme)
    assert findings(page) == []
    choose(page, files.photo(), "holiday.jpg")
    choose(page, b"hello", "notes.png", "image/png")
    expect(page.locator(".upload.failed")).to_be_visible()
    expect(page.locator(".upload", has_text="holiday")).to_contain_text("Not an ECG page")
    assert findings(page) == []
    choose(page, ecg(), "ward.jpg")
    page.locator("#uploads").get_by_role("link", name="ward.jpg").click()
    expect(page.locator(".rationale")).to_be_visible()
    assert findings(page) == []
    for path in ("/studies", "/studies?q=holiday", "/studies?q=nothing", "/account", "/"):
        page.goto(path)
        assert findings(page) == [], path
    page.goto("/studies?q=holiday")
    page.locator(".study-card a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not an ECG page")
    assert findings(page) == []
