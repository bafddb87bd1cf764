# Sourced by the other scripts: makes .venv with the pinned requirements, once.
# Needs python3 (3.11 to 3.13) with its venv module; sets $ROOT and $PYTHON.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PYTHON="$ROOT/.venv/bin/python"

find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "Python 3.11, 3.12 or 3.13 with its venv module is needed; install it and try again." >&2
    return 1
}

ready() { # the stamp is written last, so an install that was cut off is done again
    [ -x "$PYTHON" ] && cmp -s "$ROOT/requirements.txt" "$ROOT/.venv/installed"
}

prepare_environment() {
    ready && return
    local name
    name=$(find_python) || exit 1
    mkdir -p "$ROOT/.venv"
    exec 9>"$ROOT/.venv.lock"
    if command -v flock >/dev/null; then flock 9; fi # two starts at once: the second waits
    if ! ready; then
        echo "Setting up (once, a few minutes): installing requirements.txt into .venv" >&2
        [ -x "$PYTHON" ] && "$PYTHON" -c '' 2>/dev/null || "$name" -m venv --clear "$ROOT/.venv" || exit 1
        "$PYTHON" -m pip install --quiet --disable-pip-version-check -r "$ROOT/requirements.txt" || {
            echo "The packages could not be installed; see the lines above." >&2
            exit 1
        }
        cp "$ROOT/requirements.txt" "$ROOT/.venv/installed"
    fi
    exec 9>&-
}

prepare_environment
