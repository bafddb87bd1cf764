"""The portal as `scripts/start` runs it, with the shipped model, and Debian's chromium."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.serving.wire_server import ROOT, free_port

CHROMIUM = os.environ.get("ECG_TF_CHROMIUM") or shutil.which("chromium")
PASSWORD = "a tall horse, a small battery"
PATIENCE = 180_000  # milliseconds: two busy cores hold the models, the portal and the browser
STARTING = 900.0  # seconds, with the export of the models
numbers = count(1)


@dataclass
class Portal:
    """A running portal. `state` is its folder, `process` that of `scripts/start`."""

    address: str
    state: Path
    process: subprocess.Popen

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/ready", timeout=10) as response:
                return response.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def wait_until_ready(self, seconds: float = STARTING) -> None:
        end = time.monotonic() + seconds
        while not self.is_ready():
            assert self.process.poll() is None, "the portal has ended"
            assert time.monotonic() < end, f"the portal was not ready within {seconds} s"
            time.sleep(0.5)

    def wait_until_exported(self, seconds: float = STARTING) -> None:
        """Until it says its address, which it does with the models in their place."""
        end = time.monotonic() + seconds
        while self.address not in (said := (self.state / "start.log").read_text()):
            assert self.process.poll() is None, said
            assert time.monotonic() < end, f"there was no address within {seconds} s: {said}"
            time.sleep(0.5)

    def kill_model_server(self) -> None:
        """As the kernel would when memory is short."""
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes()
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            if parent == self.process.pid and b"serve.py" in command:
                os.kill(int(entry.name), signal.SIGKILL)
                return
        raise AssertionError("there is no model server to kill")


@pytest.fixture(scope="session")
def portal(tmp_path_factory):
    """`scripts/start` on an empty state folder. ECG_TF_TEST_MODELS may name a folder of models
    that are exported already, which saves minutes."""
    if not CHROMIUM:
        pytest.skip("there is no chromium here; apt-get install chromium, or set ECG_TF_CHROMIUM")
    state = tmp_path_factory.mktemp("portal")
    port = free_port()
    environment = os.environ | {"ECG_TF_STATE": str(state), "ECG_TF_PORT": str(port)}
    environment.pop("ECG_TF_SERVING", None)
    with open(state / "start.log", "w") as log, models_for(state, tmp_path_factory):
        process = subprocess.Popen(
            [ROOT / "scripts" / "start"], env=environment, stdout=log, stderr=log
        )
        running = Portal(f"http://127.0.0.1:{port}", state, process)
        try:
            running.wait_until_exported()
        except BaseException:
            process.terminate()
            raise
    try:
        running.wait_until_ready()
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0


@contextmanager
def models_for(state: Path, tmp_path_factory) -> Iterator[None]:
    """Models for a portal that starts within the block; where several test processes start one,
    the first of them exports and the others wait for it."""
    if exported := os.environ.get("ECG_TF_TEST_MODELS"):
        shutil.copytree(exported, state / "models", symlinks=True)
        yield
        return
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent  # that of this run, for all its processes
    (shared / "models").mkdir(exist_ok=True)
    (state / "models").symlink_to(shared / "models")
    with open(shared / "models.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def chromium(portal):
    with sync_playwright() as playwright:
        # Nothing here is from a stranger, and the sandbox does not run as root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def visit(portal, chromium: Browser):
    """visit(**options) -> a page of a new window. At the end nothing may have gone wrong in it,
    and nothing may have been asked of any other address."""
    expect.set_options(timeout=PATIENCE)
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_page(**options) -> Page:
        context = chromium.new_context(base_url=portal.address, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: note(message.type, message.text))
        page.on("request", lambda request: check(request.url))
        return page

    def note(kind: str, text: str) -> None:
        # Refused uploads show as failed requests; that is what these tests provoke.
        if kind in ("error", "warning") and not re.search(r"status of (4|50[037])", text):
            wrong.append(text)

    def check(url: str) -> None:
        if not url.startswith((portal.address, "blob:", "data:")):
            wrong.append(f"asked {url}")

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def sign_up(visit) -> Callable[..., Page]:
    """sign_up(**options) -> the first page of somebody new."""

    def enter(**options) -> Page:
        page = visit(**options)
        page.goto("/sign-up")
        page.get_by_label("Your name").fill("Ann Example")
        page.get_by_label("log-in name").fill(f"ann{next(numbers)}@example.org")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign up").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ann Example")
        return page

    return enter
