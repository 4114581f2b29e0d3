"""``ohd plugin keygen``: a key to sign plugins with, and reading one."""

import os
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cli.errors import CannotGoOn, plain_errors
from supervisor.plugins.signatures import read_private_key

_MOST_BYTES = 1_024


@click.command("keygen")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
def keygen(file: Path) -> None:
    """Create a private key in FILE, to sign plugins with, and print the public key.

    Keep FILE secret. Admins put the public key into trusted_keys in config.toml.
    """
    key = Ed25519PrivateKey.generate()
    with plain_errors():
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise CannotGoOn(f"{file} already exists; choose a new file") from None
        with os.fdopen(descriptor, "w", encoding="ascii") as target:
            target.write(f"{key.private_bytes_raw().hex()}\n")
    click.echo(key.public_key().public_bytes_raw().hex())


def read_key(path: Path) -> Ed25519PrivateKey:
    """Return the private key in a file; raises CannotGoOn."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("ascii", "replace")
        return read_private_key(text)
    except OSError as exc:
        raise CannotGoOn(f"{path}: {exc.strerror}") from None
    except ValueError as exc:
        raise CannotGoOn(f"{path}: {exc}") from None
