"""The fork server of ``ohd sandbox check``: the ordinary one, which takes attacks too."""

from collections.abc import Collection, Sequence
from typing import NoReturn

from sandbox_child import forkserver
from sandbox_child.attacks.attacker import run_attack


def main(
    control_fd: int,
    *,
    stack_bytes: int,
    switched_off: Collection[str] = (),
    folders: Sequence[str] = (),
) -> NoReturn:
    """See ``sandbox_child.forkserver.main``."""
    forkserver.main(
        control_fd,
        stack_bytes=stack_bytes,
        switched_off=switched_off,
        folders=folders,
        attack=run_attack,
    )
