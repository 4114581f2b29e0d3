"""What admins consent to where a GoatKit plugin is a native program. Words alone."""

from supervisor.views import PermissionView

PERMISSION = "native_program"
"""Every native plugin asks for it, and none runs without it."""

SENTENCE = "Runs as a native program, in a wider sandbox than WebAssembly."
WARNING = (
    "It makes some 100 system calls directly, where a WebAssembly plugin's process may make 23: a "
    "flaw in the kernel behind one of them is a way out. Attacks on the processor itself, such as "
    "Spectre, are easier, and it may use a whole processor core. It has no network, no files but "
    "an empty folder, no other processes and no secrets, as every plugin. Allow it only if you "
    "would trust its source with an account on this machine."
)
"""What is weaker than WebAssembly, and what is not."""
NOT_GRANTED = (
    f"no admin has allowed it to run as a native program; grant the permission {PERMISSION!r}"
)
SWITCHED_OFF = (
    "native plugins are not allowed on this server; to allow them, set native = true in the "
    "section [plugins] of config.toml"
)


def native_view(*, granted: bool) -> PermissionView:
    """Put the permission into words."""
    return PermissionView(PERMISSION, SENTENCE, WARNING, granted)
