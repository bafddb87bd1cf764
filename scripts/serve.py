#!/usr/bin/env python3
"""Serves SavedModels over REST and gRPC: `scripts/serve.py --model_base_path=/models/ecg`.

Takes the flags of `tensorflow_model_server` (`--help` lists them); see docs/SERVING.md.
"""

import sys

import common  # noqa: F401  finds the project's Python and packages

from serving.embedded.__main__ import main  # isort: skip

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
