"""scripts/start and what it is made of: one command that runs everything and ends everything."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import portal
import pytest

from processes import Child, free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 120  # seconds


def wait_for(condition, what: str):
    """The first true value of `condition()`."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited {PATIENCE} s for {what}")


def child(tmp_path, code: str) -> Child:
    return Child("test child", [sys.executable, "-c", code], {"GIVEN": "yes"}, tmp_path / "x.log")


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_that_dies_is_started_again_then_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("processes.LONGEST_PAUSE", 0.01)
    dying = child(tmp_path, "import os; print('began', os.environ['GIVEN'], flush=True); exit(7)")
    dying.start()

    def given_up():
        try:
            dying.keep()
        except RuntimeError as error:
            return error

    error = wait_for(given_up, "the end")
    assert "The test child ended 5 times" in str(error)
    assert "status 7" in str(error) and str(tmp_path / "x.log") in str(error)
    assert (tmp_path / "x.log").read_text() == "began yes\n" * 5


def test_a_child_that_lives_is_left_alone_and_ends_when_asked(tmp_path):
    living = child(tmp_path, "import time; time.sleep(600)")
    living.start()
    assert living.keep() == ""
    living.stop()
    assert living.process.returncode == -signal.SIGTERM
    living.stop()  # twice is fine


def test_a_deaf_child_is_made_to_end(tmp_path):
    deaf = child(
        tmp_path,
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True);"
        "time.sleep(600)",
    )
    deaf.start()
    wait_for(lambda: (tmp_path / "x.log").read_text(), "the child")
    deaf.patience = 0.2
    deaf.stop()
    assert deaf.process.returncode == -signal.SIGKILL


def test_a_long_log_is_moved_aside(tmp_path, monkeypatch):
    monkeypatch.setattr("processes.LOG_BYTES", 1000)
    talking = child(tmp_path, "import time; print('x' * 2000, flush=True); time.sleep(600)")
    talking.start()
    wait_for(lambda: (tmp_path / "x.log").stat().st_size > 1000, "the log")
    talking.trim_log()
    talking.stop()
    assert (tmp_path / "x.log").stat().st_size == 0
    assert (tmp_path / "x.log.1").stat().st_size == 2001


def test_free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(wanted=port) is None
        assert free_port() not in (None, port)
    assert free_port("203.0.113.1", 8000) is None


@pytest.fixture
def exports(tmp_path, monkeypatch):
    """exports() -> how often an export was asked for; it writes a version with the shipped card."""
    script = tmp_path / "scripts" / "export.py"
    script.parent.mkdir()
    script.write_text(
        "import pathlib, shutil, sys\n"
        "base = pathlib.Path(sys.argv[2])\n"
        "n = 1 + len(list((base / 'ecg').glob('[0-9]*')))\n"
        "extra = base / 'ecg' / str(n) / 'assets.extra'\n"
        "extra.mkdir(parents=True)\n"
        f"shutil.copy({str(tmp_path / 'shipped.json')!r}, extra / 'card.json')\n"
    )
    monkeypatch.setattr(portal, "ROOT", tmp_path)
    monkeypatch.setattr(portal, "CARD", tmp_path / "shipped.json")
    portal.CARD.write_text('{"weights_sha256": "a", "temperature": 1.0}')
    base = tmp_path / "models"

    def ask() -> int:
        portal.export_shipped(base)
        return len(list((base / "ecg").glob("[0-9]*")))

    return ask


def test_the_model_is_exported_once_for_its_weights(exports):
    assert exports() == 1
    assert exports() == 1
    portal.CARD.write_text('{"weights_sha256": "b", "temperature": 1.0}')
    assert exports() == 2
    assert exports() == 2
    portal.CARD.write_text('{"weights_sha256": "b", "temperature": 0.9}')
    assert exports() == 3


def test_what_a_killed_export_left_is_removed(exports, tmp_path):
    part = tmp_path / "models" / "ecg" / ".1.part-x"
    part.mkdir(parents=True)
    exports()
    assert not part.exists()


def test_a_failed_export_is_told(exports, tmp_path):
    (tmp_path / "scripts" / "export.py").write_text("raise SystemExit('the disk is full')")
    with pytest.raises(RuntimeError, match="the disk is full"):
        exports()


def test_the_model_server_is_told_of_both_models(tmp_path):
    text = portal.write_model_config(tmp_path).read_text()
    assert f'name: "ecg" base_path: "{tmp_path / "ecg"}"' in text
    assert f'name: "ecg_explain" base_path: "{tmp_path / "ecg_explain"}"' in text


@pytest.fixture
def start(tmp_path):
    """start(**settings) -> the running scripts/start; ended after the test."""
    started = []

    def run(**settings) -> subprocess.Popen:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("ECG_TF_")}
        settings = {
            "ECG_TF_STATE": str(tmp_path / "state"),
            "ECG_TF_SERVING": "http://127.0.0.1:9",
            **settings,
        }
        log = open(tmp_path / "said.txt", "ab")
        with log:
            process = subprocess.Popen(
                [str(ROOT / "scripts" / "start")],
                env={**clean, **settings},
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)


def said(tmp_path) -> str:
    return (tmp_path / "said.txt").read_text()


def children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(text) for text in found]


def ask(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def test_start_runs_everything_restarts_what_dies_and_ends_it(start, tmp_path):
    (tmp_path / "state").mkdir(mode=0o755)
    process = start()
    wait_for(lambda: "The portal: http://127.0.0.1:" in said(tmp_path), "the address")
    address = said(tmp_path).split("The portal: ")[1].split()[0]
    assert ask(f"{address}/live")[0] == 200
    status, ready = ask(f"{address}/ready")
    assert status == 503
    assert json.loads(ready)["checks"] == {"database": "ok", "model_server": "unavailable"}
    assert "Sign up" in ask(f"{address}/log-in")[1]
    kept = list((tmp_path / "state").rglob("*"))
    assert any(path.name == "portal.db" for path in kept)
    assert [path.name for path in kept if path.stat().st_mode & 0o077] == []
    first = children_of(process.pid)
    assert len(first) == 3  # two workers and the portal
    os.kill(first[-1], signal.SIGKILL)
    wait_for(lambda: "is started again" in said(tmp_path), "the restart")
    wait_for(lambda: ask(f"{address}/live")[0] == 200, "the portal to be back")
    now = children_of(process.pid)
    grandchildren = [pid for parent in now for pid in children_of(parent)]
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0
    assert said(tmp_path).endswith("Stopping ...\n")
    assert not any(is_alive(pid) for pid in now + grandchildren)


def test_children_end_when_the_launcher_is_killed(start, tmp_path):
    process = start()
    wait_for(lambda: "The portal: http" in said(tmp_path), "the address")
    children = children_of(process.pid)
    process.kill()
    process.wait(PATIENCE)
    wait_for(lambda: not any(is_alive(pid) for pid in children), "the children to end")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ECG_TF_HOST": "0.0.0.0"}, "set ECG_TF_SECRET_KEY"),
        ({"ECG_TF_PORT": "99999"}, "from 1 to 65535"),
        ({"ECG_TF_DATABASE_URL": "postgresql://u@127.0.0.1:9/x"}, "check ECG_TF_DATABASE_URL"),
    ],
)
def test_start_refuses_in_a_sentence(start, tmp_path, settings, message):
    assert start(**settings).wait(PATIENCE) == 1
    assert message in said(tmp_path)
    assert "Traceback" not in said(tmp_path)


def test_a_taken_port_is_told(start, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert start(ECG_TF_PORT=port).wait(PATIENCE) == 1
    assert f"127.0.0.1:{port} is taken" in said(tmp_path)


def test_two_portals_on_one_state_folder_are_refused(start, tmp_path):
    start()
    wait_for(lambda: "The portal: http" in said(tmp_path), "the address")
    assert start().wait(PATIENCE) == 1
    assert "A portal runs already" in said(tmp_path)
