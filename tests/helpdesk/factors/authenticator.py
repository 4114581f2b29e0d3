"""A passkey of the test's own: what a browser and its authenticator would send, right or wrong."""

import hashlib
import json
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class Authenticator:
    """One passkey for one host. What a test wants to be wrong, it says."""

    def __init__(self, credential_id: bytes = b"c" * 32) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = credential_id
        self.count = 0

    def create(self, options: str, origin: str, **wrong: Any) -> str:
        """Return the answer to the options for a new passkey."""
        told = json.loads(options)
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        length = struct.pack(">H", len(self.credential_id))
        attested = bytes(16) + length + self.credential_id + public
        flags = wrong.get("flags", PRESENT | VERIFIED) | ATTESTED
        data = self._data(wrong.get("host", told["rp"]["id"]), flags) + attested
        sent = cbor2.dumps({"fmt": wrong.get("fmt", "none"), "attStmt": {}, "authData": data})
        said = self._said("webauthn.create", told, origin, wrong)
        return self._answer({"clientDataJSON": text(said), "attestationObject": text(sent)})

    def get(self, options: str, origin: str, **wrong: Any) -> str:
        """Return the answer to the options for showing it."""
        told = json.loads(options)
        self.count += wrong.get("steps", 1)
        flags = wrong.get("flags", PRESENT | VERIFIED)
        data = self._data(wrong.get("host", told["rpId"]), flags)
        said = self._said("webauthn.get", told, origin, wrong)
        key = wrong.get("key", self.key)
        signature = key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": text(said),
                "authenticatorData": text(data),
                "signature": text(signature),
            }
        )

    def _data(self, host: str, flags: int) -> bytes:
        return hashlib.sha256(host.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _said(self, kind: str, told: Any, origin: str, wrong: Any) -> bytes:
        challenge = wrong.get("challenge", told["challenge"])
        urlsafe_b64decode(challenge + "==")
        return json.dumps(
            {"type": wrong.get("kind", kind), "challenge": challenge, "origin": origin}
        ).encode()

    def _answer(self, response: dict[str, str]) -> str:
        named = text(self.credential_id)
        whole = {"id": named, "rawId": named, "type": "public-key", "response": response}
        return json.dumps({**whole, "clientExtensionResults": {}})
