"""Packages of GoatKit plugins: a bare module or a ZIP file, read in a child that is discarded.

Pure: bytes in, values or one error out; nothing is written to a disk. Not for the supervisor's own
process, which never parses a stranger's archive or YAML.

::

    write      makes a package of files
    package    reads one: the module, the manifest, the files, each unpacked to its end
    programs   which entry is a native plugin's program for this machine
    manifest   which entries are manifest and module, and what the manifest says
    yaml_text  the plain part of YAML
    inflate    an entry's content, in pieces and never more than was announced
    directory  the structure of a ZIP file, read so that there is only one way to read it
    names      names inside an archive
    caps       how much of each thing is allowed
    errors     what can be wrong
"""

from sandbox_child.packages.caps import DEFAULT_CAPS, Caps
from sandbox_child.packages.errors import PackageError
from sandbox_child.packages.package import Package, PackagedFile, read_package
from sandbox_child.packages.write import write_package

__all__ = [
    "DEFAULT_CAPS",
    "Caps",
    "Package",
    "PackageError",
    "PackagedFile",
    "read_package",
    "write_package",
]
