"""A registration as a whole: what refuses it, what it forgives, what a package adds."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.errors import ModuleRefused
from supervisor.registration import (
    FIELDS,
    MAX_BYTES,
    Registration,
    RegistrationRefused,
    parse_registration,
    plugin_id,
)

STATS = {
    "name": "stats",
    "version": "1.1.0",
    "description": "Ticket statistics",
    "author": "Somebody",
    "license": "MIT",
    "homepage": "https://example.com/stats",
    "routes": [
        {
            "method": "GET",
            "path": f"/api/plugins/stats/{name}",
            "handler": name.replace("-", "_"),
            "middleware": ["auth"],
        }
        for name in ("overview", "by-status", "by-queue", "timeline")
    ],
    "widgets": [
        {
            "id": "stats_overview",
            "title": "stats.overview",
            "handler": "widget_overview",
            "location": "dashboard",
            "size": "small",
            "refreshable": True,
            "refresh_sec": 60,
        }
    ],
    "jobs": [
        {
            "id": "weekly-report",
            "handler": "weekly_report",
            "schedule": "0 8 * * 1",
            "enabled": True,
            "timeout": "2m",
        }
    ],
    "i18n": {"namespace": "stats", "languages": ["en"], "translations": {"en": {"overview": "O"}}},
    "resources": {
        "memory_mb": 32,
        "call_timeout": "15s",
        "permissions": [{"type": "db", "access": "read", "scope": ["ticket", "queue"]}],
    },
}


def encode(value: object) -> bytes:
    return json.dumps(value).encode()


def attempt(raw: bytes, package: bytes | None = None) -> tuple[Registration | None, str]:
    try:
        return parse_registration(raw, package), ""
    except RegistrationRefused as refused:
        return None, str(refused)


def test_a_plugin_of_the_platform_is_read_without_a_warning() -> None:
    found = parse_registration(encode(STATS))
    assert (found.id, found.name, found.version) == ("goatkit.stats", "stats", "1.1.0")
    assert [route.handler for route in found.routes] == [
        "overview",
        "by_status",
        "by_queue",
        "timeline",
    ]
    assert found.widgets[0].refresh_s == 60
    assert found.jobs[0].timeout_s == 120
    assert found.resources.memory_bytes == 32 * 1024 * 1024
    assert [wish.text for wish in found.resources.permissions] == ["db:read:queue,ticket"]
    assert found.warnings == ()
    assert found.unsupported == ()


def test_a_name_alone_is_a_registration(parse) -> None:
    found = parse()
    assert found.id == "goatkit.example"
    assert found.warnings == ()


def test_the_case_of_keys_does_not_count(parse) -> None:
    found = parse(Routes=[{"METHOD": "get", "Path": "/kb", "hAndler": "list"}], VERSION="2")
    assert found.routes[0].path == "/kb"
    assert found.version == "2"
    assert found.warnings == ()


def test_keys_that_nobody_knows_are_ignored(parse) -> None:
    found = parse(whatever={"a": [1]}, widgets=[{"id": "a", "handler": "b", "colour": 3}])
    assert found.warnings == ()
    assert found.unsupported == ()


@pytest.mark.parametrize("empty", [None, [], {}, "", False])
@pytest.mark.parametrize("field", sorted(FIELDS.keys() - {"name"}))
def test_an_empty_field_is_the_same_as_none(parse, field, empty) -> None:
    found = parse(**{field: empty})
    assert found.unsupported == ()
    assert isinstance(found, Registration)


@pytest.mark.parametrize("field", [name for name, support in FIELDS.items() if not support.served])
def test_a_field_without_effect_is_listed_with_the_reason(parse, field) -> None:
    (listed,) = parse(**{field: [{"name": "x"}]}).unsupported
    assert str(listed) == f"{field}: not supported: {FIELDS[field].words}"


@pytest.mark.parametrize(
    "field", [name for name, support in FIELDS.items() if support.served and name != "name"]
)
@pytest.mark.parametrize("value", [7, "text", True, [7], {"a": 7}, [[]], [{}], 1.5])
def test_a_broken_section_never_costs_the_whole(parse, field, value) -> None:
    found = parse(**{field: value}, mcp_tools=[1])
    assert found.id == "goatkit.example"
    assert [part.field for part in found.unsupported] == ["mcp_tools"]


@pytest.mark.parametrize(
    "field", ["routes", "widgets", "jobs", "menu_items", "groups", "custom_fields", "error_codes"]
)
@pytest.mark.parametrize("value", [7, "text", {"a": 7}])
def test_a_section_of_the_wrong_kind_is_warned_of(one_warning, field, value) -> None:
    assert one_warning(**{field: value}).endswith(
        f"expected an array. {field.capitalize()} is ignored."
    )


def test_one_broken_item_costs_that_item_alone(parse) -> None:
    found = parse(
        widgets=[{"id": "a", "handler": "x"}, {"id": "b"}, 7, {"id": "c", "handler": "y"}]
    )
    assert [widget.id for widget in found.widgets] == ["a", "c"]
    assert [str(warning) for warning in found.warnings] == [
        (
            "widgets[1].handler is missing; expected a text of 1 to 200 characters. "
            "The widget is ignored."
        ),
        "widgets[2] is 7; expected an object. The widget is ignored.",
    ]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"null", "the registration is null; expected one JSON object"),
        (b"[]", "an empty array"),
        (b'[{"name": "a"}]', "an array of 1 items"),
        (b'"name"', "one JSON object"),
        (b'{"name": "a"', "not JSON"),
        (b'{"name": "a"} x', "not JSON"),
        (b'{"name": NaN}', "the value NaN"),
        (b'{"name": "a", "name": "b"}', 'the key "name" twice'),
        (b'{"name": "a", "NAME": "b"}', "twice, in other letter case"),
        (b'{"name": "a", "routes": [{"path": "/a", "Path": "/b"}]}', "in other letter case"),
        (b'{"name": "a", "x": {"a": 1, "a": 2}}', 'the key "a" twice'),
        (b'{"name": "a", "x": ' + b"[" * 40 + b"]" * 40 + b"}", "nested deeper than 16 levels"),
        (b'{"name": "a", "x": ' + b"9" * 5000 + b"}", "a number too long"),
        (b'{"name": "a", "x": "' + b"x" * MAX_BYTES + b'"}', "bytes long"),
        (b'{"name": "\\ud800"}', "half a surrogate pair"),
    ],
)
def test_what_is_no_json_object_is_refused(raw, reason) -> None:
    with pytest.raises(RegistrationRefused) as caught:
        parse_registration(raw)
    assert reason in str(caught.value)
    assert isinstance(caught.value, ModuleRefused)


@pytest.mark.parametrize(
    "name",
    [
        ...,
        None,
        "",
        " ",
        7,
        True,
        [],
        {},
        "a/b",
        "../a",
        "..",
        ".",
        "-",
        "-a",
        "a-",
        "a\\b",
        "a\0b",
        "a\nb",
        "ä",
        "\u017ftats",
        "\u212aelvin",
        "a:b",
        "a%2fb",
        "x" * 61,
        "x" * 100_000,
    ],
)
def test_a_plugin_without_a_usable_name_is_refused(parse, name) -> None:
    with pytest.raises(RegistrationRefused, match='the registration\'s "name" is'):
        parse(name=name)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("hello-wasm", "goatkit.hello-wasm"),
        ("Hello WASM", "goatkit.hello-wasm"),
        ("my_plugin", "goatkit.my-plugin"),
        ("org.example.kb", "goatkit.org-example-kb"),
        ("a", "goatkit.a"),
        ("7", "goatkit.7"),
        ("x" * 60, "goatkit." + "x" * 60),
    ],
)
def test_a_name_becomes_an_id(parse, name, wanted) -> None:
    assert plugin_id(name) == wanted
    found = parse(name=name)
    assert found.id == wanted
    assert found.declared_name == name
    assert bool(found.warnings) == (wanted != f"goatkit.{name}")


def test_what_gk_register_says_wins_over_the_package() -> None:
    package = {"name": "stats", "Version": "9", "author": "Package", "events": ["ticket.created"]}
    found = parse_registration(encode({"name": "stats", "version": "1"}), encode(package))
    assert (found.version, found.author) == ("1", "Package")
    assert found.events == ("ticket.created",)
    assert found.warnings == ()


def test_a_package_can_give_the_name() -> None:
    assert parse_registration(b"{}", b'{"name": "kb"}').id == "goatkit.kb"


def test_null_in_the_registration_leaves_room_for_the_package() -> None:
    found = parse_registration(b'{"name": "kb", "author": null}', b'{"AUTHOR": "x"}')
    assert found.author == "x"


def test_two_names_are_warned_of() -> None:
    (warning,) = parse_registration(b'{"name": "a"}', b'{"Name": "b"}').warnings
    assert "the package's name" in str(warning)


@pytest.mark.parametrize("package", [b"[]", b"x", b"null", b'{"a": 1, "A": 2}'])
def test_a_package_manifest_that_is_no_object_is_refused(package) -> None:
    with pytest.raises(RegistrationRefused, match="the package's manifest"):
        parse_registration(b'{"name": "a"}', package)


def test_a_field_of_the_package_without_effect_is_listed() -> None:
    found = parse_registration(b'{"name": "a"}', b'{"sidecars": [{"name": "x"}]}')
    assert [part.field for part in found.unsupported] == ["sidecars"]


@pytest.mark.parametrize("text", ["a\x1b[31m", "a\u202eb", "a\nb", "x" * 201, 7, ["a"]])
def test_a_text_that_could_forge_a_line_is_left_empty(parse, text) -> None:
    found = parse(author=text)
    assert found.author == ""
    assert len(found.warnings) == 1


@pytest.mark.parametrize("text", ["javascript:alert(1)", "https://a b", "//x", 'https://a"b'])
def test_a_homepage_is_an_address(one_warning, text) -> None:
    assert one_warning(homepage=text).startswith("homepage is")


def test_warnings_are_bounded(parse) -> None:
    found = parse(
        **{
            field: [7] * 100
            for field in ("routes", "menu_items", "groups", "custom_fields", "error_codes")
        }
    )
    assert len(found.warnings) == 201
    assert "300 further places" in str(found.warnings[-1])


def test_functions_carry_the_strictest_of_their_accesses(parse) -> None:
    found = parse(
        routes=[
            {"path": "/a", "handler": "both", "middleware": ["auth"]},
            {"path": "/b", "handler": "both", "middleware": ["admin", "group:x"]},
            {"path": "/c", "handler": "open"},
        ],
        widgets=[{"id": "w", "handler": "open"}, {"id": "v", "handler": "card"}],
        jobs=[{"id": "j", "handler": "job_only", "schedule": "* * * * *"}],
    )
    assert set(found.functions) == {"both", "open", "card"}
    assert found.functions["both"].admin
    assert found.functions["both"].groups == ("group:x",)
    assert all(access.login for access in found.functions.values())


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(["/a/:b", "auth", "GET", "* * * * *", "5m", "db", "ticket.created", "en"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "path",
                    "handler",
                    "method",
                    "middleware",
                    "label",
                    "children",
                    "title",
                    "schedule",
                    "timeout",
                    "type",
                    "access",
                    "scope",
                    "permissions",
                    "translations",
                    "languages",
                    "namespace",
                    "code",
                    "name",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(sorted(FIELDS.keys() - {"name"})), JSON))
def test_any_content_below_a_name_is_read(content) -> None:
    found, refused = attempt(encode({"name": "example", **content}))
    if found is None:
        assert any(word in refused for word in ("twice", "surrogate", "deeper"))
    else:
        assert all(str(warning).isprintable() for warning in found.warnings)
        assert len(found.warnings) <= 201


@given(st.binary(max_size=200), st.none() | st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw, package) -> None:
    found, refused = attempt(raw, package)
    assert found is not None or refused
    assert refused.isprintable()


@pytest.mark.parametrize(
    "content",
    [
        {"jobs": [{"id": str(n), "handler": "h", "schedule": "0 0 29 2 1#5"} for n in range(9999)]},
        {"jobs": [{"id": str(n), "handler": "h", "schedule": "0 0 31 2 *"} for n in range(9999)]},
        {"routes": [{"path": f"/{n}/:a/:b/:c", "handler": "h"} for n in range(9999)]},
        {"menu_items": [{"id": str(n), "path": "/a"} for n in range(9999)]},
        {"i18n": {"translations": {"en": {str(n): "x" for n in range(60_000)}}}},
        {"x": "[" * 900_000},
        {"x": [[]] * 300_000},
    ],
)
def test_a_registration_of_any_content_is_read_in_bounded_time(content) -> None:
    raw = encode({"name": "a", **content})[:MAX_BYTES]
    began = time.process_time()
    attempt(raw)
    assert time.process_time() - began < 5
