"""The mutual TLS of go-plugin (AutoMTLS) on one link, as bytes in and bytes out.

Each side has a certificate of its own for one start and was told the other's: ours is in the
program's environment, the program's in its handshake line. Exactly that one is taken, whatever it
says about itself.
"""

import binascii
import ssl
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path

from sandbox_child.goplugin.errors import GoPluginError

_READ_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Identity:
    """Our certificate and its key, made for one start of one program."""

    contexts: tuple[ssl.SSLContext, ssl.SSLContext]
    """For the link that we opened, and for those that the program opens."""
    peer: bytes
    """The program's certificate, DER."""


def load_identity(file: Path, peer: str) -> Identity:
    """Return the identity whose certificate and key are in ``file``; reads it.

    ``peer``: base64 of the program's certificate, as its handshake line has it. That is not looked
    into before :func:`trust`.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for context in (client, server):
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(file)
    client.check_hostname = False
    client.set_alpn_protocols(["h2"])
    server.set_alpn_protocols(["h2"])
    return Identity((client, server), _decoded(peer))


def trust(identity: Identity) -> None:
    """Let OpenSSL read the program's certificate; only to be called in the cage."""
    try:
        for context in identity.contexts:
            context.load_verify_locations(cadata=identity.peer)
            context.verify_mode = ssl.CERT_REQUIRED
    except (ssl.SSLError, ValueError):
        raise GoPluginError("the certificate in its handshake line cannot be read") from None


class TlsLink:
    """One link: the peer's bytes in, plain bytes out, and back."""

    def __init__(self, identity: Identity, *, opened_by_peer: bool) -> None:
        client, server = identity.contexts
        self._peer = identity.peer
        self._from_peer, self._to_peer = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = server if opened_by_peer else client
        self._tls = context.wrap_bio(self._from_peer, self._to_peer, server_side=opened_by_peer)
        self._stands = False
        self._waiting = bytearray()
        self.ended = False
        """Whether the peer has said that it sends no more."""
        self._shake_hands()

    def feed(self, data: bytes) -> bytes:
        """Return the plain bytes that ``data`` from the peer holds; raises GoPluginError."""
        self._from_peer.write(data)
        if not self._stands and not self._shake_hands():
            return b""
        plain = bytearray()
        try:
            while part := self._tls.read(_READ_BYTES):
                plain += part
                if not self._from_peer.pending and not self._tls.pending():
                    # Asking once more would cost an exception for each call.
                    return bytes(plain)
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        except ssl.SSLError as exc:
            raise GoPluginError(_plain(exc)) from None
        return bytes(plain)

    def output(self, plain: bytes) -> bytes:
        """Return what is to be written, ``plain`` in it as soon as the peer is known."""
        self._waiting += plain
        while self._stands and self._waiting:
            try:
                sent = self._tls.write(self._waiting)
            except ssl.SSLError as exc:
                raise GoPluginError(_plain(exc)) from None
            del self._waiting[:sent]
        return self._to_peer.read()

    def _shake_hands(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as exc:
            raise GoPluginError(_plain(exc)) from None
        if self._tls.getpeercert(binary_form=True) != self._peer:
            raise GoPluginError("TLS: another certificate than the one in its handshake line")
        self._stands = True
        return True


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise GoPluginError("the certificate in its handshake line is not base64") from None


def _plain(exc: ssl.SSLError) -> str:
    """Return OpenSSL's name for what was wrong, which has no bytes of the peer."""
    return f"TLS: {(exc.reason or 'failed').lower().replace('_', ' ')}"
