"""Generates ``sandbox_child/protos`` from ``docs/proto``: ``python -m tests.setup.protos``."""

import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "docs/proto"
GENERATED = ROOT / "sandbox_child/protos"


def generate(target: Path) -> list[Path]:
    """Write the modules and their types into ``target``; return their paths."""
    sources = sorted(SOURCES.glob("*.proto"))
    options = [f"-I{SOURCES}", f"--python_out={target}", f"--pyi_out={target}"]
    if protoc.main(["protoc", *options, *map(str, sources)]):
        raise SystemExit("protoc failed")
    return sorted([*target.glob("*_pb2.py"), *target.glob("*_pb2.pyi")])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for made in generate(Path(folder)):
            (GENERATED / made.name).write_bytes(made.read_bytes())
            sys.stdout.write(f"{made.name}\n")
