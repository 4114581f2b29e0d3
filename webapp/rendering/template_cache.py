"""Keeps the compiled templates beside their sources, as Python does with its own modules.

A template takes some 10 ms to compile, and the longest 60: too long for the loop, and not worth a
second time. What is kept is as trustworthy as the source beside it, whose hash it carries. Where
the folder may not be written to, nothing is kept.
"""

import hashlib
import importlib.metadata
import os
from contextlib import suppress
from pathlib import Path

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

_FOLDER = "__pycache__"


class BesideTheSources(BytecodeCache):
    """Files in ``__pycache__`` of the templates' folder, which no process sees half-written."""

    def __init__(self, templates: Path, settings: bytes) -> None:
        """``settings``: whatever else than a template's source decides what is compiled."""
        settings += importlib.metadata.version("jinja2").encode()
        self._folder = templates / _FOLDER
        self._version = hashlib.sha256(settings).hexdigest()[:8]

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket from its file, if there is one of the same source and Python."""
        with suppress(OSError, EOFError), self._path(bucket).open("rb") as file:
            bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the bucket's code."""
        path = self._path(bucket)
        part = path.with_suffix(f".{os.getpid()}.part")
        with suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            with part.open("xb") as file:
                bucket.write_bytecode(file)
            part.replace(path)

    def _path(self, bucket: Bucket) -> Path:
        return self._folder / f"{bucket.key}-{self._version}.jinja"
