"""Every error of the module reader.

::

    ModuleError
    ├── NotWebAssembly     empty, cut off in the header, or a file of another kind
    ├── ComponentGiven     a WebAssembly component where a core module is needed
    ├── UnknownVersion     a core module of a version that nobody has defined yet
    ├── Malformed          the bytes break the format at an offset
    ├── Unsupported        valid in some proposal that is switched off here
    ├── OverLimit          more of something than is allowed
    ├── SectionMissing     a custom section that must be there is not
    └── SectionDoubled     a custom section that must be there once is there more often
"""


class ModuleError(Exception):
    """Base of everything that the reader says about bytes; the message is one sentence."""


class NotWebAssembly(ModuleError):
    """The bytes do not begin as a WebAssembly module does."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(f"this is not a WebAssembly module: {found}; give the compiled .wasm file")


class ComponentGiven(ModuleError):
    """The file is a component (layer 1 of the format)."""

    def __init__(self) -> None:
        super().__init__(
            "this is a WebAssembly component, and plugins are core modules; build a core module "
            "(for example the target wasm32-wasip1 in place of wasm32-wasip2)"
        )


class UnknownVersion(ModuleError):
    """The header names a version of the core format other than 1."""

    def __init__(self, version: int, layer: int) -> None:
        self.version = version
        self.layer = layer
        super().__init__(
            f"the module's header names version {version} (layer {layer}), "
            "and only version 1 of the core format is known; build for WebAssembly 1"
        )


class Malformed(ModuleError):
    """The bytes break the rules of the binary format."""

    def __init__(self, offset: int, problem: str) -> None:
        self.offset = offset
        self.problem = problem
        super().__init__(
            f"the module is damaged at byte {offset}: {problem}; build or upload it again"
        )


class Unsupported(ModuleError):
    """The module uses a proposal that is switched off for plugins."""

    def __init__(self, offset: int, feature: str) -> None:
        self.offset = offset
        self.feature = feature
        super().__init__(
            f"the module uses {feature} (at byte {offset}), which plugins may not; "
            "build it without that feature"
        )


class OverLimit(ModuleError):
    """The module has more of something than is allowed."""

    def __init__(self, what: str, found: int, limit: int) -> None:
        self.what = what
        self.found = found
        self.limit = limit
        super().__init__(f"the module has {found:,} {what}, and at most {limit:,} are allowed")


class SectionMissing(ModuleError):
    """A custom section that must be there is not."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"the module has no custom section named {name!r}; embed the manifest with "
            "`ohd plugin embed` (neither TinyGo's -ldflags -X nor //go:wasmexport on a variable "
            "makes a section)"
        )


class SectionDoubled(ModuleError):
    """A custom section that must be there once is there more often."""

    def __init__(self, name: str, count: int) -> None:
        self.name = name
        self.count = count
        super().__init__(
            f"the module has {count} custom sections named {name!r}; expected one; "
            "embed the manifest with `ohd plugin embed`, which leaves one"
        )
