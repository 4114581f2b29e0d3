"""Starts and ends the mail servers of tests."""

import base64
import datetime
import ipaddress
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120


@dataclass(frozen=True)
class Taken:
    """A message that a server took."""

    sender: str
    receivers: list[str]
    message: EmailMessage
    raw: bytes
    tls: bool
    login: bool


@dataclass
class SmtpSink:
    """A running mail server."""

    folder: Path
    port: int
    process: subprocess.Popen

    def taken(self) -> list[Taken]:
        """Return what it has taken, in order."""
        found = []
        for path in sorted(self.folder.glob("*.json")):
            kept = json.loads(path.read_text())
            raw = base64.b64decode(kept["message"])
            message = cast(EmailMessage, message_from_bytes(raw, policy=default))
            found.append(Taken(kept["from"], kept["to"], message, raw, kept["tls"], kept["login"]))
        return found

    def wait_for(self, count: int) -> list[Taken]:
        """Return what it has taken, once that are so many. Blocking."""
        end = time.monotonic() + PATIENCE_S
        while len(found := self.taken()) < count:
            assert time.monotonic() < end, f"{len(found)} of {count} letters came"
            time.sleep(0.02)
        return found


@contextmanager
def smtp_sink(folder: Path, *files: Path) -> Iterator[SmtpSink]:
    """Run a mail server for the block; with a certificate and its key, it wants TLS and a login."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "port").unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.mail_servers.smtp_sink", str(folder)]
    process = subprocess.Popen(
        [*command, *map(str, files)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        _wait((folder / "port").exists, process, "the mail server did not start")
        yield SmtpSink(folder, int((folder / "port").read_text()), process)
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def dovecot() -> str | None:
    """Return Dovecot's path, None where it is not installed."""
    return shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/bin")


@dataclass
class ImapServer:
    """A running Dovecot with one mailbox: ``desk`` with ``secret``."""

    port: int
    tls_port: int
    folder: Path

    def deliver(self, raw: bytes, name: str) -> None:
        """Put a message into the inbox, as a delivery agent does."""
        temporary = self.folder / "mail" / "tmp" / name
        temporary.write_bytes(raw)
        _own(temporary)
        temporary.rename(self.folder / "mail" / "new" / name)

    def waiting(self) -> Sequence[Path]:
        """Return the messages of the inbox."""
        return [p for part in ("new", "cur") for p in (self.folder / "mail" / part).iterdir()]


def _own(path: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, "nobody", "nogroup")


@contextmanager
def imap_server(folder: Path, certificate: Path, key: Path, ports: tuple[int, int]) -> Iterator:
    """Run Dovecot for the block."""
    program = dovecot()
    assert program is not None
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("tmp", "new", "cur"):
        (folder / "mail" / part).mkdir(parents=True)
    as_root = os.geteuid() == 0
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)
        if as_root:
            _own(path)
    user = "nobody" if as_root else None
    (folder / "users").write_text("desk:{PLAIN}secret::::::\n")
    (folder / "users").chmod(0o644)
    mine = "" if as_root else _as_one_user()
    (folder / "dovecot.conf").write_text(
        f"""
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
mail_location = maildir:{folder}/mail
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain xoauth2
first_valid_uid = 1
mail_max_userip_connections = 100
imap_idle_notify_interval = 5 s
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={user or os.geteuid()} gid={"nogroup" if as_root else os.getegid()} home={folder}
}}
service imap-login {{
  inet_listener imap {{
    port = {ports[0]}
  }}
  inet_listener imaps {{
    port = {ports[1]}
    ssl = yes
  }}
  {"chroot =" if not as_root else ""}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
{mine}
"""
    )
    process = subprocess.Popen([program, "-F", "-c", str(folder / "dovecot.conf")])
    try:
        log = folder / "log"
        _wait(lambda: _listens(ports[0]), process, lambda: log.read_text() if log.exists() else "")
        yield ImapServer(ports[0], ports[1], folder)
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)


def _as_one_user() -> str:
    import getpass

    me = getpass.getuser()
    return f"default_internal_user = {me}\ndefault_login_user = {me}\n"


def _listens(port: int) -> bool:
    import socket

    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _wait(ready, process: subprocess.Popen, problem) -> None:
    end = time.monotonic() + PATIENCE_S
    while not ready():
        said = problem() if callable(problem) else problem
        assert process.poll() is None, f"it ended: {said}"
        assert time.monotonic() < end, said
        time.sleep(0.02)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for 127.0.0.1 and localhost, which is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths
