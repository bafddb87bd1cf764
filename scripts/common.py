"""What the scripts share. Import it before anything that is not in the standard library.

It runs the script again with the project's own Python where one without our packages was used, and
makes the packages of the project importable from any folder.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"

if find_spec("keras") is None and PYTHON.exists() and Path(sys.prefix) != PYTHON.parent.parent:
    os.execv(PYTHON, [str(PYTHON), *sys.argv])
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
# TensorFlow tells of every missing GPU as an error; what really fails is raised in Python too.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
# Pages are prepared in several threads or processes; numpy's own threads only wait for each other
# there, and take two to five times the processor time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import click  # noqa: E402  only the project's own Python has it

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path),
    envvar="ECG_TF_DATA",
    required=True,
    help="Folder of labelled pages; default: the setting ECG_TF_DATA.",
)


def fail(message: str, status: int = 2) -> NoReturn:
    """Ends the program with one sentence for a person."""
    click.echo(message, err=True)
    sys.exit(status)
