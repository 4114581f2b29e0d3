"""Makes a package: the same bytes from the same files, and nothing that the reader would refuse."""

import io
import zipfile
from collections.abc import Mapping

from sandbox_child.packages.caps import DEFAULT_CAPS, Caps
from sandbox_child.packages.errors import PackageError
from sandbox_child.packages.names import decode_name
from sandbox_child.packages.package import Package, read_package

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_PLAIN_FILE = 0o100644


def write_package(files: Mapping[str, bytes], caps: Caps = DEFAULT_CAPS) -> tuple[bytes, Package]:
    """Return a ZIP file of ``files`` (contents by name), and what reads out of it.

    Raises PackageError for anything that ``read_package`` refuses.
    """
    total = sum(map(len, files.values()))
    if total > caps.total_bytes:
        raise PackageError(f"has {total:,} bytes; at most {caps.total_bytes:,} are allowed")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            decode_name(name.encode("utf-8", "surrogateescape"), caps)
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = _UNIX
            info.external_attr = _PLAIN_FILE << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    packed = target.getvalue()
    return packed, read_package(packed, caps)
