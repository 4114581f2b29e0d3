"""What a browser says of a passkey, checked by ``webauthn``; knows no database.

A passkey is bound to the host of the help desk's public URL, and what the browser signs names the
page's origin: an answer that was made for another site is refused. So is one without user
verification (a fingerprint, a PIN), because a passkey is to be more than a thing that was found.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import trio

from helpdesk.errors import Invalid

T = TypeVar("T")

MOST_CREDENTIAL = 12_000
"""Characters of what a browser sends; usual ones have about 1,000."""
TIMEOUT_MS = 120_000
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FORMATS = ("none", "packed")
"""Attestations that are read. None is asked for; *packed* is what an authenticator may send anyway
that vouches for itself."""
_REFUSED = "This passkey could not be verified. Try again, or use another one."


@dataclass(frozen=True, slots=True)
class Site:
    """The help desk as browsers know it."""

    origin: str
    """Such as ``https://help.example.com``."""
    host: str
    """What passkeys are bound to: the relying party's ID."""

    @classmethod
    def at(cls, public_url: str) -> "Site":
        """Return the site of a public URL, its origin written as browsers write it."""
        parts = urlsplit(public_url)
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
        port = "" if parts.port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
        shown = f"[{host}]" if ":" in host else host
        return cls(f"{parts.scheme}://{shown}{port}", host)

    @property
    def takes_passkeys(self) -> bool:
        """Tell whether browsers offer passkeys here: a name, over TLS or on this machine."""
        try:
            ip_address(self.host)
        except ValueError:
            is_local = self.host == "localhost" or self.host.endswith(".localhost")
            return bool(self.host) and (self.origin.startswith("https://") or is_local)
        return False


@dataclass(frozen=True, slots=True)
class Registered:
    """A passkey that a browser has just made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


# ``webauthn`` is loaded when the first passkey is met: it brings 5 MB.


def options_to_add(
    site: Site, issuer: str, person: tuple[str, str, str], challenge: bytes, known: Sequence[bytes]
) -> str:
    """Return the JSON of options for ``navigator.credentials.create``.

    ``person``: id, address, name. ``known``: IDs of the passkeys that they have.
    """
    import webauthn  # noqa: PLC0415
    from webauthn.helpers import structs  # noqa: PLC0415

    user_id, email, name = person
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=issuer,
        user_id=user_id.encode(),
        user_name=email,
        user_display_name=name,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        attestation=structs.AttestationConveyancePreference.NONE,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return webauthn.options_to_json(options)


def options_to_show(site: Site, challenge: bytes, known: Sequence[bytes]) -> str:
    """Return the JSON of options for ``navigator.credentials.get``."""
    import webauthn  # noqa: PLC0415
    from webauthn.helpers import structs  # noqa: PLC0415

    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=[structs.PublicKeyCredentialDescriptor(id=each) for each in known],
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def credential_id_of(credential: str) -> bytes:
    """Return which passkey an answer claims to be of. Raises ``Invalid``."""
    from webauthn.helpers import base64url_to_bytes  # noqa: PLC0415

    found = _read(credential).get("id")
    try:
        return base64url_to_bytes(found) if isinstance(found, str) else b""
    except ValueError:
        return b""


async def registered(site: Site, credential: str, challenge: bytes) -> Registered:
    """Check the answer of a browser that has made a passkey. Raises ``Invalid``."""
    told = _read(credential)

    def check() -> Registered:
        import webauthn  # noqa: PLC0415
        from webauthn import helpers  # noqa: PLC0415

        parsed = helpers.parse_registration_credential_json(told)
        attested = helpers.parse_attestation_object(parsed.response.attestation_object)
        if attested.fmt not in _FORMATS:
            raise ValueError(attested.fmt)
        found = webauthn.verify_registration_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
        return Registered(found.credential_id, found.credential_public_key, found.sign_count)

    return await _checked(check)


async def shown(
    site: Site, credential: str, challenge: bytes, *, public_key: bytes, sign_count: int
) -> int:
    """Check the answer of a browser that shows a passkey; return its new count. Raises ``Invalid``.

    A count that has not grown is that of a copy (WebAuthn, section 6.1.1), and is refused.
    """
    told = _read(credential)

    def check() -> int:
        import webauthn  # noqa: PLC0415

        found = webauthn.verify_authentication_response(
            credential=told,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
        return found.new_sign_count

    return await _checked(check)


def refusal() -> Invalid:
    """Return the one answer to every passkey that does not fit."""
    return Invalid("credential", "another", "a passkey of this help desk", _REFUSED)


def _read(credential: str) -> dict[str, Any]:
    if len(credential) > MOST_CREDENTIAL:
        raise refusal()
    try:
        told = json.loads(credential)
    except (ValueError, RecursionError):
        raise refusal() from None
    if not isinstance(told, dict):
        raise refusal()
    return told


async def _checked(check: Callable[[], T]) -> T:
    try:
        return await trio.to_thread.run_sync(check)
    except Exception as exc:
        # The library raises its own errors, and those of four others on bytes that make no sense.
        raise refusal() from exc
