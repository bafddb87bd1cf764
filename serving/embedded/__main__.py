"""`python -m serving.embedded --model_base_path=... --rest_api_port=8501`"""

import logging
import os
import sys

from serving.embedded.flags import BadFlag, parse_flags, usage


def main(arguments: list[str]) -> int:
    """Parses the command line before TensorFlow is imported, so that mistakes show at once."""
    if arguments in (["--help"], ["-h"]):
        print(usage())
        return 0
    try:
        flags = parse_flags(arguments)
    except BadFlag as error:
        print(error, file=sys.stderr)
        return 2
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname).1s %(name)s %(message)s"
    )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    from serving.embedded.server import run

    return run(flags)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
