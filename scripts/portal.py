#!/usr/bin/env python3
"""Runs the portal, its worker and its model server until Ctrl-C: this is scripts/start.

Exports the shipped model first if that has not been done for these weights. Where ECG_TF_SERVING
names a model server, uses that one and starts none. All settings: docs/PORTAL.md.
"""

import fcntl
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from common import ROOT, fail
from processes import Child, free_port

from sqlalchemy.exc import SQLAlchemyError  # isort: skip
from webapp import create_app, settings, tables  # isort: skip

CARD = ROOT / "ecg_tf" / "weights" / "model.json"
# glibc keeps the memory of large pictures, one pile for each thread; this gives it back at once,
# and halves what the portal's processes hold. numpy's threads hold more, and gain nothing.
FRUGAL = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    "OPENBLAS_NUM_THREADS": "1",
}
PORTS_TO_TRY = 20  # from ECG_TF_PORT's default on, where none was asked for
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(Exception):
    """Somebody asked for the end."""


def main() -> None:
    """Sets up, starts the children, keeps them running, and ends them in order."""
    os.umask(0o077)  # what the portal keeps is for its own eyes, wherever its folder was made
    for number in ENDS:
        signal.signal(number, _end)
    children: list[Child] = []
    status = 0
    try:
        config = set_up()
        with only_one(config["STATE"] / "portal.lock"):
            run(config, children)
    except Ended:
        say("Stopping ...")
    except (RuntimeError, settings.BadSetting) as error:
        say(str(error))
        status = 1
    finally:
        for number in ENDS:
            signal.signal(number, signal.SIG_IGN)
        for child in reversed(children):
            child.stop()
    sys.exit(status)


def set_up() -> dict:
    """The checked settings, with a free port, and an up-to-date database."""
    if "ECG_TF_PORT" not in os.environ:
        asked = settings.read()
        ports = range(asked["PORT"], asked["PORT"] + PORTS_TO_TRY)
        free = (port for port in ports if free_port(asked["HOST"], port))
        os.environ["ECG_TF_PORT"] = str(next(free, asked["PORT"]))
    app = create_app()
    config = dict(app.config)
    os.environ["ECG_TF_STATE"] = str(config["STATE"])  # the children run in another folder
    if free_port(config["HOST"], config["PORT"]) is None:
        raise settings.BadSetting(
            f"{config['HOST']}:{config['PORT']} is taken or not ours; set ECG_TF_PORT or "
            "ECG_TF_HOST to another one."
        )
    try:
        with app.app_context():
            tables.upgrade()
            app.extensions["sqlalchemy"].engine.dispose()
    except SQLAlchemyError as error:
        raise settings.BadSetting(
            f"The database cannot be used ({type(error).__name__}); check ECG_TF_DATABASE_URL."
        ) from error
    return config


def run(config: Mapping, children: list[Child]) -> None:
    """Starts what is needed, says where the portal is, and keeps it all running."""
    state: Path = config["STATE"]
    logs = state / "logs"
    logs.mkdir(exist_ok=True)
    environment: dict[str, str] = {}

    def start(name: str, *command: str) -> None:
        path = logs / f"{name.replace(' ', '-')}.log"
        children.append(Child(name, [sys.executable, *command], dict(environment), path))
        children[-1].start()

    if not os.environ.get("ECG_TF_SERVING"):
        export_shipped(state / "models")
        grpc, rest = free_port(), free_port()
        configuration = write_model_config(state / "models")
        start(
            "model server",
            *(str(ROOT / "scripts" / "serve.py"), f"--model_config_file={configuration}"),
            *(f"--port={grpc}", f"--rest_api_port={rest}"),
        )
        children[-1].patience = 10.0  # when it ends, nobody asks it any more
        environment["ECG_TF_SERVING"] = f"grpc://127.0.0.1:{grpc}"
    environment |= FRUGAL
    start("worker", "-m", "webapp.studies.worker")
    start("gallery worker", "-m", "webapp.gallery.worker")
    start(
        "portal",
        *("-m", "gunicorn", "-c", "python:webapp.gunicorn_conf", "webapp:create_app()"),
    )
    watch(config, children)


def export_shipped(base: Path) -> None:
    """Exports the shipped model unless the newest version there is already of these weights."""
    shipped = json.loads(CARD.read_text())
    versions = sorted(int(path.name) for path in (base / "ecg").glob("*") if path.name.isdecimal())
    if versions:
        card = base / "ecg" / str(versions[-1]) / "assets.extra" / "card.json"
        exported = json.loads(card.read_text()) if card.exists() else {}
        if all(exported.get(key) == value for key, value in shipped.items()):
            return
    say("Exporting the model for the model server (once, a minute or two) ...")
    for part in base.glob("*/.*.part-*"):  # of an export that was killed; ours is the only one
        shutil.rmtree(part)
    command = [sys.executable, str(ROOT / "scripts" / "export.py"), "--base", str(base)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            said, _ = process.communicate()
        except Ended:
            process.terminate()
            raise
    if process.returncode:
        raise RuntimeError(f"The model could not be exported:\n{said[-2000:]}")


def write_model_config(base: Path) -> Path:
    """The model server's configuration of both models."""
    path = base / "models.config"
    entries = "".join(
        f"  config {{ name: {json.dumps(name)} base_path: {json.dumps(str(base / name))} "
        'model_platform: "tensorflow" }\n'
        for name in ("ecg", "ecg_explain")
    )
    path.write_text(f"model_config_list {{\n{entries}}}\n")
    return path


def watch(config: Mapping, children: list[Child]) -> None:
    """Says the address once the portal lives, and when it can answer; restarts what dies."""
    steps = [
        ("/live", f"The portal: {address(config)}   (Ctrl-C stops it)\nLoading the models ..."),
        ("/ready", f"Ready. Data and logs are in {config['STATE']}."),
    ]
    while True:
        for child in children:
            if happened := child.keep():
                say(happened)
            child.trim_log()
        if steps and says_yes(config, steps[0][0]):
            say(steps.pop(0)[1])
        time.sleep(0.5)


def address(config: Mapping) -> str:
    """Where a person finds the portal."""
    if not config["EXPOSED"]:
        host = "localhost" if ":" in config["HOST"] else config["HOST"]
        return f"http://{host}:{config['PORT']}"
    port = "" if config["PROXIES"] else f":{config['PORT']}"
    return f"https://{config['TRUSTED_HOSTS'][0]}{port}"


def says_yes(config: Mapping, path: str) -> bool:
    """Whether the portal answers with 200 at /live or /ready."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config["HOST"], config["HOST"])
    host = f"[{host}]" if ":" in host else host
    scheme = "https" if config["TLS_CERT"] else "http"
    request = urllib.request.Request(
        f"{scheme}://{host}:{config['PORT']}{path}", headers={"Host": config["TRUSTED_HOSTS"][0]}
    )
    own = ssl._create_unverified_context()  # our own process; the certificate names another host
    try:
        with urllib.request.urlopen(request, timeout=10, context=own) as response:
            return response.status == 200
    except (OSError, ValueError):
        return False


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Two portals on one state folder would run every job twice."""
    with open(path, "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            fail(f"A portal runs already on {path.parent}; stop it, or set ECG_TF_STATE.", 1)
        yield


def say(message: str) -> None:
    """Tells the person at the terminal."""
    print(message, flush=True)


def _end(*_) -> None:
    raise Ended


if __name__ == "__main__":
    main()
