"""Manifests: what the document shows is taken, and each field is refused in each wrong form."""

import json
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.errors import ModuleRefused
from supervisor.manifest import (
    ConfigField,
    Manifest,
    ManifestError,
    Panel,
    manifest_schema,
    parse_manifest,
)
from supervisor.manifest.shape import EVENTS

Parse = Callable[..., Manifest]
Guest = Callable[[str], bytes]

FULL = {
    "id": "com.example.slack-notifications",
    "name": "Slack Notifications",
    "version": "1.2.0-rc.1+build.5",
    "description": "Posts a message\nwhen a ticket is created.",
    "author": "Example Corp <support@example.com>",
    "license": "MIT",
    "homepage": "https://example.com/plugin?x=1#y",
    "events": ["ticket.created", "ticket.note_added"],
    "permissions": {"http": {"allowed_hosts": ["hooks.slack.com", "localhost"]}},
    "config_schema": {
        "webhook_url": {
            "type": "string",
            "label": "Webhook",
            "description": "Where to.",
            "required": True,
            "secret": True,
        },
        "loud": {"type": "boolean", "label": "Loud", "default": False},
        "count": {"type": "integer", "default": -3},
        "colour": {"type": "select", "options": ["red", "green"], "default": "green"},
    },
    "ui_panel": {"title": "Panel", "height": 140},
}


def test_every_field_of_the_document_is_taken() -> None:
    manifest = parse_manifest(json.dumps(FULL).encode())
    assert manifest.id == "com.example.slack-notifications"
    assert manifest.version == "1.2.0-rc.1+build.5"
    assert manifest.author == "Example Corp <support@example.com>"
    assert manifest.events == ("ticket.created", "ticket.note_added")
    assert manifest.allowed_hosts == ("hooks.slack.com", "localhost")
    assert manifest.ui_panel == Panel("Panel", 140)
    assert list(manifest.config_schema) == ["webhook_url", "loud", "count", "colour"]
    assert manifest.config_schema["webhook_url"] == ConfigField(
        name="webhook_url",
        type="string",
        label="Webhook",
        description="Where to.",
        required=True,
        secret=True,
        bind=(),
        bind_in=("header",),
        options=(),
        default=None,
    )
    assert manifest.config_schema["count"].label == "count"
    assert manifest.config_schema["colour"].options == ("red", "green")
    assert manifest.raw == FULL
    assert manifest.unknown == {}


def test_the_required_fields_are_enough(parse: Parse) -> None:
    manifest = parse()
    assert (manifest.author, manifest.license, manifest.homepage) == (None, None, None)
    assert (manifest.allowed_hosts, manifest.config_schema, manifest.ui_panel) == ((), {}, None)


def test_optional_fields_may_be_null(parse: Parse) -> None:
    manifest = parse(author=None, permissions=None, config_schema=None, ui_panel=None)
    assert manifest.ui_panel is None


def test_unknown_keys_are_kept_and_listed(parse: Parse) -> None:
    manifest = parse(
        icon="x.png",
        permissions={"clipboard": True, "http": {"allowed_hosts": [], "methods": ["GET"]}},
        config_schema={"a": {"type": "string", "placeholder": "…"}},
        ui_panel={"title": "T", "height": 1, "width": {"min": 5}},
    )
    assert manifest.unknown == {
        "icon": "x.png",
        "permissions.clipboard": True,
        "permissions.http.methods": ["GET"],
        "config_schema.a.placeholder": "…",
        "ui_panel.width": {"min": 5},
    }


def test_every_guest_has_a_manifest_that_is_taken(guest: Guest) -> None:
    from sandbox_child.wasm.sections import manifest_section
    from tests.guests.build import guest_names

    for name in guest_names():
        assert parse_manifest(manifest_section(guest(name))).unknown == {}


def fields(**definition: Any) -> dict[str, Any]:
    return {"config_schema": {"f": {"type": "string"} | definition}}


def hosts(*names: object) -> dict[str, Any]:
    return {"permissions": {"http": {"allowed_hosts": list(names)}}}


HOST = "permissions.http.allowed_hosts[0]"
LINE = "text without control characters"

WRONG: list[tuple[dict[str, Any], str, str]] = [
    # (what is changed, the field that the error names, a part of the sentence)
    ({"id": ...}, "id", "is missing; expected a reverse-domain name"),
    ({"id": None}, "id", "is null"),
    ({"id": 7}, "id", "is 7"),
    ({"id": ""}, "id", 'is ""'),
    ({"id": "plugin"}, "id", 'is "plugin"'),
    ({"id": "com..example"}, "id", "reverse-domain"),
    ({"id": "com.example."}, "id", "reverse-domain"),
    ({"id": "com.ex ample"}, "id", "reverse-domain"),
    ({"id": "com.example/x"}, "id", "reverse-domain"),
    ({"id": "com.-example"}, "id", "reverse-domain"),
    ({"id": "cöm.example"}, "id", "reverse-domain"),
    ({"id": "com.example\n"}, "id", "U+000A"),
    ({"id": "a." + "b" * 64}, "id", "reverse-domain"),
    ({"id": ".".join(["abc"] * 60)}, "id", "239 characters"),
    ({"name": ...}, "name", "is missing; expected a display name"),
    ({"name": ""}, "name", "1 to 100 characters"),
    ({"name": "   "}, "name", "fill it in"),
    ({"name": "x" * 101}, "name", "(101 characters)"),
    ({"name": ["x"]}, "name", "an array of 1 items"),
    ({"name": "a\x1b[31mb"}, "name", LINE),
    ({"name": "a\u202eb"}, "name", "U+202E"),
    ({"name": "a\u2028b"}, "name", LINE),
    ({"version": ...}, "version", "is missing; expected a semantic version"),
    ({"version": "1.0"}, "version", 'is "1.0"; expected a semantic version such as "1.2.0"'),
    ({"version": "v1.0.0"}, "version", "semantic version"),
    ({"version": "1.0.0.0"}, "version", "semantic version"),
    ({"version": "01.0.0"}, "version", "semantic version"),
    ({"version": "1.0.0-"}, "version", "semantic version"),
    ({"version": "1.0.0-01"}, "version", "semantic version"),
    ({"version": "1.0.0+"}, "version", "semantic version"),
    ({"version": " 1.0.0"}, "version", "semantic version"),
    ({"version": "1.0.0\n"}, "version", "U+000A"),
    ({"version": 1}, "version", "is 1;"),
    ({"description": ...}, "description", "is missing"),
    ({"description": ""}, "description", "one sentence of 1 to 1000 characters"),
    ({"description": "\n"}, "description", "some text"),
    ({"description": "x" * 1_001}, "description", "1000 characters"),
    ({"description": "\x07"}, "description", "U+0007"),
    ({"description": {}}, "description", "an object"),
    ({"author": ""}, "author", "an author of 1 to 200 characters"),
    ({"author": "x" * 201}, "author", "an author"),
    ({"author": {"name": "x"}}, "author", "is an object"),
    ({"author": "a\nb"}, "author", LINE),
    ({"license": 5}, "license", "SPDX"),
    ({"license": ""}, "license", "SPDX"),
    ({"license": "M\tIT"}, "license", LINE),
    ({"homepage": "javascript:alert(1)"}, "homepage", "an address such as"),
    ({"homepage": "ftp://example.com"}, "homepage", "an address such as"),
    ({"homepage": "example.com"}, "homepage", "an address such as"),
    ({"homepage": "https://"}, "homepage", "an address such as"),
    ({"homepage": "https:///path"}, "homepage", "an address such as"),
    ({"homepage": "https://a b"}, "homepage", "without spaces"),
    ({"homepage": 'https://a"b'}, "homepage", "without spaces or quotes"),
    ({"homepage": "https://" + "a" * 2_050}, "homepage", "an address"),
    ({"homepage": True}, "homepage", "is true"),
    ({"events": ...}, "events", "is missing; expected an array of event names"),
    ({"events": None}, "events", "is null"),
    ({"events": "ticket.created"}, "events", "an array of event names"),
    ({"events": {"ticket.created": True}}, "events", "is an object"),
    (
        {"events": ["ticket.made"]},
        "events[0]",
        'is "ticket.made"; expected one of the events ticket.c',
    ),
    ({"events": ["ticket.created", 5]}, "events[1]", "is 5"),
    (
        {"events": ["ticket.created"] * 2},
        "events[1]",
        '"ticket.created" again; expected each event once',
    ),
    ({"events": ["Ticket.Created"]}, "events[0]", "one of the events"),
    ({"events": ["ticket.created"] * 9}, "events", "an array of 9 items"),
    ({"permissions": []}, "permissions", "is an empty array"),
    ({"permissions": {"http": True}}, "permissions.http", "an object with allowed_hosts"),
    ({"permissions": {"http": {"allowed_hosts": "a.b"}}}, HOST[:-3], "at most 100 hostnames"),
    (hosts(*["a.b"] * 101), HOST[:-3], "an array of 101 items"),
    (hosts("a.b", 7), HOST.replace("0", "1"), "is 7"),
    (hosts(""), HOST, "an exact hostname"),
    (hosts("*.slack.com"), HOST, "wildcards are not allowed"),
    (hosts("*"), HOST, "wildcards are not allowed"),
    (hosts("hooks.slack.com:443"), HOST, "leave the port out"),
    (hosts("https://hooks.slack.com"), HOST, "leave the scheme out"),
    (hosts("//hooks.slack.com"), HOST, "leave the path out"),
    (hosts("hooks.slack.com/services"), HOST, "leave the path out"),
    (hosts("hooks.slack.com?x"), HOST, "leave the query out"),
    (hosts("hooks.slack.com#x"), HOST, "leave the fragment out"),
    (hosts("user@hooks.slack.com"), HOST, "leave user and password out"),
    (hosts("user:pw@hooks.slack.com"), HOST, "leave user and password out"),
    (hosts("127.0.0.1"), HOST, "an IP address cannot be declared"),
    (hosts("127.1"), HOST, "an IP address cannot be declared"),
    (hosts("2130706433"), HOST, "an IP address cannot be declared"),
    (hosts("0x7f000001"), HOST, "an IP address cannot be declared"),
    (hosts("a.b.0x1"), HOST, "an IP address cannot be declared"),
    (hosts("::1"), HOST, "an IP address cannot be declared"),
    (hosts("[::1]"), HOST, "an IP address cannot be declared"),
    (hosts("bücher.example"), HOST, "xn-- form"),
    (hosts("api\uff0eexample"), HOST, "xn-- form"),
    (hosts("xn--!!!.example"), HOST, "letters, digits"),
    (hosts("xn--999999999.example"), HOST, "not a valid xn-- name"),
    (hosts("xn--abc-.example"), HOST, "letters, digits"),
    (hosts("a..example"), HOST, "empty"),
    (hosts(".example"), HOST, "empty"),
    (hosts("example.com."), HOST, "dot at the end"),
    (hosts("Hooks.Slack.com"), HOST, 'write it in lower case: "hooks.slack.com"'),
    (hosts("-a.example"), HOST, "letters, digits"),
    (hosts("a-.example"), HOST, "letters, digits"),
    (hosts("a b.example"), HOST, "letters, digits"),
    (hosts("a\\b.example"), HOST, "letters, digits"),
    (hosts("a%2eb.example"), HOST, "letters, digits"),
    (hosts("a.example\n"), HOST, "letters, digits"),
    (hosts("a" * 64 + ".example"), HOST, "at most 63"),
    (hosts(".".join(["a" * 50] * 6)), HOST, "at most 253"),
    ({"config_schema": []}, "config_schema", "an empty array"),
    ({"config_schema": {"f": "string"}}, "config_schema.f", 'is "string"; expected an object'),
    ({"config_schema": {"f": {}}}, "config_schema.f.type", "is missing; expected one of the types"),
    ({"config_schema": {"": {"type": "string"}}}, "config_schema", 'the field name ""'),
    ({"config_schema": {"a b": {"type": "string"}}}, "config_schema", 'the field name "a b"'),
    ({"config_schema": {"é": {"type": "string"}}}, "config_schema", "the field name"),
    ({"config_schema": {"a\x1b": None}}, "config_schema", 'the field name "a\\u001b"'),
    ({"config_schema": {"a\x7f": None}}, "config_schema", 'the field name "a\\u007f"'),
    ({"config_schema": {"x" * 65: {"type": "string"}}}, "config_schema", "1 to 64 letters"),
    (
        {"config_schema": {f"f{n}": {"type": "string"} for n in range(101)}},
        "config_schema",
        "at most 100 field definitions",
    ),
    (fields(type="text"), "config_schema.f.type", 'is "text"; expected one of the types'),
    (fields(type=5), "config_schema.f.type", "is 5"),
    (fields(label=5), "config_schema.f.label", "a label"),
    (fields(label=""), "config_schema.f.label", "a label"),
    (fields(label="a\nb"), "config_schema.f.label", LINE),
    (fields(description=5), "config_schema.f.description", "a text of at most"),
    (fields(description="x" * 2_001), "config_schema.f.description", "a text of at most"),
    (fields(description="\x00"), "config_schema.f.description", "U+0000"),
    (fields(required="yes"), "config_schema.f.required", 'is "yes"; expected true or false'),
    (fields(required=1), "config_schema.f.required", "is 1; expected true or false"),
    (fields(secret="no"), "config_schema.f.secret", "true or false"),
    (fields(type="boolean", secret=True), "config_schema.f.secret", "false for the type boolean"),
    (fields(type="integer", secret=True), "config_schema.f.secret", "false for the type integer"),
    (fields(options=["a"]), "config_schema.f.options", "no options for the type string"),
    (fields(type="select"), "config_schema.f.options", "at least one option"),
    (fields(type="select", options=[]), "config_schema.f.options", "at least one option"),
    (fields(type="select", options="a"), "config_schema.f.options", "an array of at most 200"),
    (fields(type="select", options=[1]), "config_schema.f.options[0]", "is 1"),
    (fields(type="select", options=[""]), "config_schema.f.options[0]", 'is ""'),
    (fields(type="select", options=["a", "a"]), "config_schema.f.options[1]", "each once"),
    (fields(type="select", options=["a\n"]), "config_schema.f.options[0]", LINE),
    (fields(type="select", options=["a"], default="b"), "config_schema.f.default", '"a"'),
    (fields(type="select", options=["a"], default=1), "config_schema.f.default", "is 1"),
    (fields(default=5), "config_schema.f.default", "is 5; expected a text"),
    (fields(default=[]), "config_schema.f.default", "a value of the field's type"),
    (fields(default="\x00"), "config_schema.f.default", "without NUL"),
    (fields(default="x" * 65_537), "config_schema.f.default", "at most 65,536 bytes"),
    (fields(type="integer", default="5"), "config_schema.f.default", "a whole number"),
    (fields(type="integer", default=True), "config_schema.f.default", "is true; expected a whole"),
    (fields(type="integer", default=1.5), "config_schema.f.default", "is 1.5"),
    (fields(type="integer", default=2**53), "config_schema.f.default", "at most 2^53 - 1"),
    (fields(type="integer", default=10**80), "config_schema.f.default", "a huge number"),
    (fields(type="boolean", default=1), "config_schema.f.default", "is 1; expected true or false"),
    (fields(type="boolean", default="true"), "config_schema.f.default", "true or false"),
    ({"ui_panel": "Panel"}, "ui_panel", "an object with title and height"),
    ({"ui_panel": {"height": 5}}, "ui_panel.title", "is missing; expected a title"),
    ({"ui_panel": {"title": "", "height": 5}}, "ui_panel.title", "a title of 1 to 100"),
    ({"ui_panel": {"title": " ", "height": 5}}, "ui_panel.title", "some text"),
    ({"ui_panel": {"title": "\u202e", "height": 5}}, "ui_panel.title", "U+202E"),
    (
        {"ui_panel": {"title": "T"}},
        "ui_panel.height",
        "is missing; expected a whole number of pixels",
    ),
    ({"ui_panel": {"title": "T", "height": 0}}, "ui_panel.height", "is 0"),
    ({"ui_panel": {"title": "T", "height": -5}}, "ui_panel.height", "is -5"),
    ({"ui_panel": {"title": "T", "height": 4_097}}, "ui_panel.height", "from 1 to 4096"),
    ({"ui_panel": {"title": "T", "height": 1.5}}, "ui_panel.height", "is 1.5"),
    ({"ui_panel": {"title": "T", "height": True}}, "ui_panel.height", "is true"),
    ({"ui_panel": {"title": "T", "height": "140px"}}, "ui_panel.height", 'is "140px"'),
]


@pytest.mark.parametrize(("changes", "field", "words"), WRONG)
def test_each_wrong_form_names_field_finding_and_expectation(
    parse: Parse, changes: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(**changes)
    sentence = str(caught.value)
    assert caught.value.field == field
    assert words in sentence
    assert sentence.startswith(f'the manifest\'s "{field}" is ')
    assert "\n" not in sentence
    assert len(sentence) < 400


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON (Expecting property name enclosed in double quotes at line 1, column 2)"),
        (b"{} {}", "not JSON (Extra data"),
        (b"[]", "an empty array; expected one JSON object"),
        (b"null", "null; expected one JSON object"),
        (b'"x"', '"x"; expected one JSON object'),
        (b"\xef\xbb\xbf{}", "save it without a BOM"),
        (b'{"a": "\xff"}', "not UTF-8 (at byte 7)"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b'{"id": "a.b", "x": {"y": 1, "y": 2}}', 'the key "y" twice'),
        (b'{"id": "a.b", "id": "a.b"}', 'the key "id" twice'),
        (b'{"x": NaN}', "the value NaN"),
        (b'{"x": -Infinity}', "the value -Infinity"),
        (b'{"x": 1e999}', "a number too large"),
        (b'{"x": ' + b"1" * 5_000 + b"}", "a number too long"),
        (b'{"x": "\\ud800"}', "half a surrogate pair"),
        (b'{"\\udc00": 1}', "half a surrogate pair"),
        (b'{"x": ' + b"[" * 16 + b"]" * 16 + b"}", "deeper than 16 levels"),
        (b"[" * 200_000, "deeper than 16 levels"),
        (b'{"x": "' + b"x" * 262_144 + b'"}', "at most 262,144 bytes"),
    ],
)
def test_text_that_is_no_plain_json_object_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(raw)
    assert words in str(caught.value)
    assert caught.value.field == ""
    assert isinstance(caught.value, ModuleRefused)


def test_brackets_in_strings_are_not_nesting(parse: Parse) -> None:
    assert parse(note='[{"' * 50).unknown == {"note": '[{"' * 50}


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "a",
        "a.b",
        "xn--bcher-kva.example",
        "a_b.example",
        "1a.2b",
        "3com.com",
        "a--b.c",
    ],
)
def test_exact_names_are_taken_as_they_are(parse: Parse, host: str) -> None:
    assert parse(**hosts(host)).allowed_hosts == (host,)


def test_a_host_that_is_named_twice_counts_once(parse: Parse) -> None:
    assert parse(**hosts("b.c", "a.b", "b.c")).allowed_hosts == ("b.c", "a.b")


def test_a_default_of_a_secret_is_never_shown(parse: Parse) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(**fields(secret=True, default=123_456_789))
    assert "123" not in str(caught.value)


def test_the_schema_is_made_of_the_same_types() -> None:
    schema = manifest_schema()
    shape = schema["$defs"]["ManifestShape"]
    assert sorted(shape["required"]) == ["description", "events", "id", "name", "version"]
    assert sorted(shape["properties"]["events"]["items"]["enum"]) == sorted(EVENTS)
    assert "additionalProperties" not in shape
    assert schema["$defs"]["PanelShape"]["properties"]["height"]["maximum"] == 4096


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_by_name(raw: bytes) -> None:
    with pytest.raises(ManifestError):
        parse_manifest(raw)


PATHS = [
    ("id",), ("name",), ("version",), ("events",), ("events", 0), ("author",), ("homepage",),
    ("permissions",), ("permissions", "http"), ("permissions", "http", "allowed_hosts"),
    ("permissions", "http", "allowed_hosts", 0), ("config_schema",),
    ("config_schema", "colour"), ("config_schema", "colour", "options"),
    ("config_schema", "colour", "default"), ("config_schema", "count", "type"),
    ("config_schema", "loud", "label"), ("ui_panel",), ("ui_panel", "height"),
]  # fmt: skip


@given(path=st.sampled_from(PATHS), value=JSON)
def test_any_value_anywhere_is_taken_or_refused_by_name(
    path: tuple[str | int, ...], value: object
) -> None:
    content = json.loads(json.dumps(FULL))
    place: Any = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    try:
        manifest = parse_manifest(json.dumps(content).encode())
    except ManifestError as error:
        refusal: ManifestError | None = error
    else:
        refusal = None
        assert msgspec.json.decode(msgspec.json.encode(manifest.raw)) == content
    if refusal is not None:
        assert len(str(refusal)) < 600
        assert str(refusal).isprintable()


WORST = {
    "an open string of quotes": lambda n: b'"' + b'\\"' * (n // 2),
    "an open string and a backslash": lambda n: b'"' + b'\\"' * (n // 2) + b"\\",
    "backslashes": lambda n: b'"' + b"\\" * n,
    "brackets": lambda n: b"[" * n,
    "a doubled key at the end": lambda n: (
        b"{" + b",".join(b'"%d":1' % i for i in range(n // 9)) + b',"0":1}'
    ),
    "digits": lambda n: b'{"a":' + b"9" * n + b"}",
    "keys": lambda n: b"{" + b",".join(b'"%d":1' % i for i in range(n // 9)) + b"}",
    "text": lambda n: b'{"id":"' + b"a" * n + b'"}',
    "an id of parts": lambda n: b'{"id":"' + b"a." * (n // 2) + b'"}',
    "a host of labels": lambda n: (
        b'{"permissions":{"http":{"allowed_hosts":["' + b"a-." * (n // 3) + b'"]}}}'
    ),
}


@pytest.mark.parametrize("worst", WORST.values(), ids=WORST)
def test_the_worst_text_takes_time_in_the_order_of_its_length(worst):
    def spent(size):
        text = worst(size)[: 256 * 1024]
        best = 60.0
        for _ in range(3):
            before = time.thread_time()
            with pytest.raises(ManifestError):
                parse_manifest(text)
            best = min(best, time.thread_time() - before)
        return best

    # Four times the text; in quadratic time sixteen times the time. What is too quick to be told
    # from the clock's own steps is quick enough.
    assert spent(256 * 1024 - 64) < max(8 * spent(64 * 1024), 0.2)
