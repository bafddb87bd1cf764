"""Own message definitions and the code generated from them (see `generate.py`)."""
