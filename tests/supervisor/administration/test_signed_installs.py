"""Signatures at install: who signed is shown, and what no trusted key signed can be refused."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox_child.packages import write_package
from supervisor.errors import ModuleRefused
from supervisor.plugins.signatures import SignatureRules, sign
from tests.goatkit_modules import goatkit_module

OURS, THEIRS = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
MODULE = goatkit_module({"name": "signed", "version": "1"}, {})
OTHER = goatkit_module({"name": "signed", "version": "2"}, {})
RULES = SignatureRules(required=True, trusted={"Example Ltd": OURS.public_key()})


def package(signature: str | None, module: bytes = MODULE) -> bytes:
    files = {"plugin.wasm": module, "plugin.yaml": b"name: signed\n"}
    if signature is not None:
        files["plugin.wasm.sig"] = signature.encode()
    return write_package(files)[0]


async def install(desk: Any, module: bytes, signature: str = "") -> Any:
    return await desk.supervisor.installs.install(
        module, source="a test", actor="test", signature=signature
    )


@pytest.mark.parametrize(
    ("module", "signature"),
    [
        (package(None), ""),
        (package("00" * 64), ""),
        (package("not hexadecimal"), ""),
        (package(sign(MODULE, THEIRS)), ""),
        (package(sign(OTHER, OURS)), ""),
        (MODULE, ""),
        (MODULE, sign(OTHER, OURS)),
        (package(None), sign(MODULE, OURS)),
    ],
    ids=["none", "zeros", "text", "another key", "another module", "bare", "bare other", "beside"],
)
async def test_what_no_trusted_key_signed_is_refused_and_leaves_nothing(
    open_desk, module, signature
):
    desk = await open_desk(signatures=RULES)
    with pytest.raises(ModuleRefused, match="require_signature"):
        await install(desk, module, signature)
    assert await desk.supervisor.overview.plugins() == []
    assert list((desk.path / "modules").glob("*.wasm")) == []


@pytest.mark.parametrize("as_package", [True, False])
async def test_what_a_trusted_key_signed_is_installed_and_named(open_desk, as_package):
    desk = await open_desk(signatures=RULES)
    signature = sign(MODULE, OURS)
    view = await (
        install(desk, package(signature)) if as_package else install(desk, MODULE, signature)
    )
    assert (view.signature.state, view.signature.key) == ("signed", "Example Ltd")
    (version,) = await desk.supervisor.versions.all(view.id)
    assert version.signature.sentence == "Signed by Example Ltd."


async def test_where_none_is_required_it_is_shown_all_the_same(desk):
    assert (await install(desk, package(None))).signature.state == "unsigned"
    view = await install(desk, package(sign(OTHER, THEIRS), OTHER))
    waiting = await desk.supervisor.versions.compare(view.id, view.waiting_version)
    assert waiting.other.signature.state == "untrusted"
