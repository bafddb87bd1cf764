"""Writes `*_pb2.py` beside the .proto files: `python -m serving.protos.generate [--check]`.

The generated files are committed, so that neither the server nor the client needs grpcio-tools;
a test fails when they differ from what this module would write.
"""

import sys
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
PROTOS = ("server_config.proto", "wire.proto")
HEADER = "# ruff: noqa\n# fmt: off\n"


def generated_source(proto: str) -> str:
    """The Python source that `grpcio-tools` makes of one of `PROTOS`; raises on a bad file."""
    from grpc_tools import protoc  # a tool of the developer's, absent in production

    well_known = resources.files("grpc_tools") / "_proto"
    with TemporaryDirectory() as folder:
        status = protoc.main(
            ["protoc", f"-I{HERE}", f"-I{well_known}", f"--python_out={folder}", proto]
        )
        if status:
            raise RuntimeError(f"protoc ended with status {status} on {proto}")
        return HEADER + (Path(folder) / proto.replace(".proto", "_pb2.py")).read_text()


def main(arguments: list[str]) -> int:
    """Writes every generated file; with `--check` compares them instead. The exit status."""
    stale = 0
    for proto in PROTOS:
        file = HERE / proto.replace(".proto", "_pb2.py")
        source = generated_source(proto)
        if arguments != ["--check"]:
            file.write_text(source)
        elif file.read_text() != source:
            print(f"{file.name} is not what {proto} generates", file=sys.stderr)
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
