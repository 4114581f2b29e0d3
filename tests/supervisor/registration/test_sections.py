"""The other sections: widgets, navigation, translations, resources, settings and the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.errors import ConfigInvalid
from supervisor.manifest import check_config, effective_config
from supervisor.registration import Translations


def only(parse, section, item):
    found = parse(**{section: [item]})
    made = getattr(found, section)
    return (made[0] if made else None), [str(warning) for warning in found.warnings]


def test_a_widget_has_defaults(parse) -> None:
    widget, warnings = only(parse, "widgets", {"id": "w", "handler": "h"})
    assert (widget.title, widget.location, widget.size, widget.order) == (
        "w",
        "dashboard",
        "medium",
        0,
    )
    assert widget.refresh_s is None
    assert warnings == []


@pytest.mark.parametrize(
    ("keys", "refresh_s", "warned"),
    [
        ({"refreshable": True, "refresh_sec": 60}, 60, False),
        ({"refreshable": True, "refresh_sec": 60.0}, 60, False),
        ({"refreshable": True}, None, False),
        ({"refreshable": True, "refresh_sec": 0}, None, False),
        ({"refreshable": False, "refresh_sec": 60}, None, False),
        ({"refresh_sec": 60}, None, False),
        ({"refreshable": True, "refresh_sec": 1}, 5, True),
        ({"refreshable": True, "refresh_sec": 10**8}, 86_400, True),
        ({"refreshable": True, "refresh_sec": -1}, None, True),
        ({"refreshable": True, "refresh_sec": 10**20}, None, True),
        ({"refreshable": True, "refresh_sec": "60"}, None, True),
        ({"refreshable": True, "refresh_sec": True}, None, True),
        ({"refreshable": True, "refresh_sec": 1.5}, None, True),
        ({"refreshable": "yes", "refresh_sec": 60}, None, True),
    ],
)
def test_a_widget_refreshes_within_bounds(parse, keys, refresh_s, warned) -> None:
    widget, warnings = only(parse, "widgets", {"id": "w", "handler": "h", **keys})
    assert widget.refresh_s == refresh_s
    assert bool(warnings) == warned


@pytest.mark.parametrize(
    ("keys", "lost"),
    [
        ({"id": "a/b"}, True),
        ({"id": ""}, True),
        ({"id": "é"}, True),
        ({"handler": ""}, True),
        ({"location": "sidebar"}, True),
        ({"size": "huge"}, False),
        ({"title": "a\x1bb"}, False),
        ({"order": "first"}, False),
        ({"description": "x" * 2_001}, False),
    ],
)
def test_a_broken_word_costs_the_widget_only_where_it_must(parse, keys, lost) -> None:
    widget, warnings = only(parse, "widgets", {"id": "w", "handler": "h", **keys})
    assert (widget is None) == lost
    assert len(warnings) == 1


@pytest.mark.parametrize("location", ["dashboard", "agent_home", "admin_home", "CUSTOMER_home"])
def test_widgets_have_these_places(parse, location) -> None:
    widget, _ = only(parse, "widgets", {"id": "w", "handler": "h", "location": location})
    assert widget.location == location.lower()


def test_a_menu_has_levels(parse) -> None:
    found = parse(
        menu_items=[
            {
                "id": "kb",
                "label": "kb.title",
                "location": "admin",
                "order": 3,
                "children": [{"id": "kb.list", "path": "/kb"}, {"id": "kb", "path": "/kb"}],
            },
            {"id": "other", "path": "/tickets?status=open&queue=3", "parent": "kb"},
            {"id": "home", "path": "/", "location": "customer"},
        ]
    )
    (parent, other, home) = found.menu_items
    assert [(child.id, child.location) for child in parent.children] == [("kb.list", "admin")]
    assert (parent.path, other.path, home.path) == ("", "/tickets?status=open&queue=3", "/")
    assert (other.location, other.parent, other.label) == ("agent", "kb", "other")
    assert len(found.warnings) == 1


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "kb",
        "//evil.example.com/",
        "https://evil.example.com/",
        "javascript:alert(1)",
        "/\\evil.example.com",
        "/kb/:id",
        "/kb#x",
        "/kb?a=<script>",
        "/kb?a=b?c",
        "/kb\n",
        "/%2f/evil.example.com",
    ],
)
def test_a_menu_entry_leads_to_a_page_of_this_site(parse, path) -> None:
    item, warnings = only(parse, "menu_items", {"id": "x", "path": path})
    assert item is None
    assert warnings[0].startswith("menu_items[0].path is ")


def test_a_menu_is_bounded_in_depth_and_count(parse) -> None:
    deep = {"id": "d0", "path": "/a"}
    for level in range(1, 5):
        deep = {"id": f"d{level}", "path": "/a", "children": [deep]}
    found = parse(menu_items=[deep])
    assert "at most 3 levels" in str(found.warnings[0])
    wide = [
        {"id": f"a{n}", "children": [{"id": f"a{n}.{m}", "path": "/a"} for m in range(20)]}
        for n in range(20)
    ]
    found = parse(menu_items=wide)
    assert sum(1 + len(item.children) for item in found.menu_items) <= 100


def test_navigation_to_hide_is_known_by_name(parse) -> None:
    found = parse(hide_menu_items=["tickets", "queues", "everything", 7, "tickets"])
    assert found.hide_menu_items == ("tickets", "queues")
    assert len(found.warnings) == 2


@pytest.mark.parametrize("path", ["/kb", "/", "/kb?tab=1"])
def test_a_landing_page_is_a_page_of_this_site(parse, path) -> None:
    assert parse(landing_page=path).landing_page == path


@pytest.mark.parametrize("path", ["//evil.example.com", "https://evil.example.com", 7, "kb"])
def test_a_landing_page_elsewhere_is_left_out(parse, path) -> None:
    found = parse(landing_page=path)
    assert found.landing_page == ""
    assert len(found.warnings) == 1


PERSIAN = "\u0622\u0645\u0627\u0631\u200c\u0647\u0627"
"""With a character that joins nothing and must stay."""
TEXTS = {
    "en": {"title": "Statistics", "only": "English"},
    "de": {"title": "Statistik"},
    "pt-BR": {"title": "Estatísticas"},
    "fa": {"title": PERSIAN},
}


@pytest.fixture(scope="module")
def translations(parse):
    found = parse(
        name="stats", i18n={"namespace": "st", "languages": ["de", "en"], "translations": TEXTS}
    )
    assert found.warnings == ()
    return found.translations


@pytest.mark.parametrize(
    ("key", "languages", "text"),
    [
        ("title", ["de"], "Statistik"),
        ("st.title", ["de"], "Statistik"),
        ("title", ["de-AT"], "Statistik"),
        ("title", ["de_CH"], "Statistik"),
        ("title", ["pt-BR"], "Estatísticas"),
        ("title", ["PT_br"], "Estatísticas"),
        ("title", ["fa"], PERSIAN),
        ("title", ["xx", "de"], "Statistik"),
        ("title", ["xx"], "Statistics"),
        ("title", [], "Statistics"),
        ("title", ["", "-", "x" * 5_000, "de\0"], "Statistics"),
        ("only", ["de"], "English"),
        ("missing", ["de"], None),
        ("", ["de"], None),
        ("other.title", ["de"], None),
    ],
)
def test_texts_are_looked_up_with_a_fall_back(translations, key, languages, text) -> None:
    assert translations.translate(key, languages) == text


def test_without_english_the_plugins_own_language_is_the_last(parse) -> None:
    found = parse(i18n={"translations": {"de": {"a": "A"}}}).translations
    assert found.translate("a", ["fr"]) == "A"
    assert found.namespace == "example"


def test_languages_are_in_the_order_of_the_plugin(translations) -> None:
    assert translations.languages == ("de", "en", "pt-br", "fa")


def test_languages_in_the_wrong_place_are_warned_of(one_warning) -> None:
    sentence = one_warning(i18n={"en": {"title": "Statistics"}, "de": {}})
    assert sentence == (
        'i18n.translations is missing; expected an object such as {"en": {"title": "Tickets"}} '
        'below "translations". No translations are used.'
    )


@pytest.mark.parametrize(
    ("by_language", "taken", "warnings"),
    [
        ({"en": {"a": 7, "b": "B"}}, {"en": {"b": "B"}}, 1),
        ({"en": {"a": {"b": "c"}}}, {"en": {}}, 1),
        ({"en": {"a": "\x1b[31m", "b": "two\nlines"}}, {"en": {"b": "two\nlines"}}, 1),
        ({"en": "text", "de": {"a": "A"}}, {"de": {"a": "A"}}, 1),
        ({"en": {"a": "x" * 2_001}}, {"en": {}}, 1),
        ({"": {}, "e": {}, "en/us": {}, "../x": {}, "en\n": {}}, {}, 5),
        ({"en": {}, "EN": {"a": "A"}}, {"en": {}}, 1),
        ({f"aa-{n}": {} for n in range(101)}, {f"aa-{n}": {} for n in range(100)}, 1),
        ({"en": {str(n): "" for n in range(20_001)}, "de": {}}, {"de": {}}, 1),
    ],
)
def test_a_broken_translation_costs_itself(parse, by_language, taken, warnings) -> None:
    found = parse(i18n={"translations": by_language})
    assert found.translations.texts == taken
    assert len(found.warnings) == warnings
    assert all(str(warning).isprintable() for warning in found.warnings)


@given(st.text(max_size=40), st.lists(st.text(max_size=10), max_size=5))
def test_any_key_and_languages_are_looked_up(translations, key, languages) -> None:
    assert isinstance(translations.translate(key, languages), str | None)


def test_without_a_section_there_is_no_text() -> None:
    assert Translations("x").translate("a", ["de"]) is None


@pytest.mark.parametrize(
    ("keys", "memory_bytes", "call_timeout_s", "warned"),
    [
        ({"memory_mb": 32, "call_timeout": "15s"}, 32 << 20, 15, False),
        ({"memory_mb": 0, "call_timeout": ""}, None, None, False),
        ({"memory_mb": 4_097}, None, None, True),
        ({"memory_mb": -1}, None, None, True),
        ({"memory_mb": "32"}, None, None, True),
        ({"call_timeout": "1m"}, None, 30, True),
        ({"call_timeout": 15}, None, None, True),
        ({"call_timeout": "fast"}, None, None, True),
    ],
)
def test_resources_are_within_the_ceilings(
    parse, keys, memory_bytes, call_timeout_s, warned
) -> None:
    found = parse(resources=keys)
    assert found.resources.memory_bytes == memory_bytes
    assert found.resources.call_timeout_s == call_timeout_s
    assert bool(found.warnings) == warned


def test_error_codes_bear_the_plugins_name(parse) -> None:
    found = parse(
        error_codes=[
            {"code": "not_found", "message": "No such article", "http_status": 404},
            {"code": "example:odd", "message": "Odd"},
            {"code": "odd-status", "message": "x", "http_status": 200},
            {"code": "not_found", "message": "again"},
            {"code": "silent"},
        ]
    )
    assert [(code.code, code.http_status) for code in found.error_codes] == [
        ("example:not_found", 404),
        ("example:odd", 500),
        ("example:odd-status", 500),
    ]
    assert len(found.warnings) == 3


def test_groups_and_custom_fields_are_read(parse) -> None:
    found = parse(
        groups=[{"name": "kb-admin", "description": "Edit"}, {"name": "a:b"}, {"name": "KB-admin"}],
        custom_fields=[
            {"name": "mood", "label": "Mood", "field_type": "select", "required": True},
            {"name": "size", "entity_type": "Ticket"},
            {"name": "mail", "entity_type": "customer_user"},
            {"name": "Mood"},
            {"name": "drop table"},
        ],
    )
    assert [group.name for group in found.groups] == ["kb-admin"]
    assert [(f.name, f.entity_type, f.field_type) for f in found.custom_fields] == [
        ("mood", "ticket", "select"),
        ("size", "ticket", "text"),
    ]
    assert len(found.warnings) == 5


def test_ticket_events_are_known_by_name(parse) -> None:
    found = parse(events=["ticket.created", "ticket.exploded", "ticket.created", 7])
    assert found.events == ("ticket.created",)
    assert len(found.warnings) == 2


def test_settings_are_those_of_other_plugins(parse) -> None:
    found = parse(
        config_schema={
            "zinc_url": {"type": "string", "required": True},
            "password": {"type": "string", "secret": True, "bind": ["api.example.com"]},
            "size": {"type": "integer", "default": 3},
        },
        resources={
            "permissions": [{"type": "http", "scope": ["api.example.com", "*.example.net"]}]
        },
    )
    assert list(found.config_schema) == ["zinc_url", "password", "size"]
    assert found.config_schema["password"].bind == ("api.example.com",)
    assert found.warnings == ()


def test_what_an_admin_fills_in_is_checked_as_for_other_plugins(parse) -> None:
    found = parse(config_schema={"size": {"type": "integer", "default": 3}})
    assert check_config(found, {"size": 4}) == {"size": 4}
    assert effective_config(found, {}) == {"size": 3}
    with pytest.raises(ConfigInvalid, match=r"goatkit\.example"):
        check_config(found, {"size": "x"})


@pytest.mark.parametrize(
    "field",
    [
        7,
        {},
        {"type": "color"},
        {"type": "integer", "default": "x"},
        {"type": "string", "secret": True, "bind": ["other.example.com"]},
        {"type": "select"},
        {"type": "string", "label": "a\nb"},
        {"type": "string", "label": "a\u202eb"},
    ],
)
def test_a_broken_setting_costs_itself(parse, field) -> None:
    found = parse(config_schema={"bad": field, "good": {"type": "string"}})
    assert list(found.config_schema) == ["good"]
    (warning,) = found.warnings
    assert str(warning).startswith("config_schema.bad")
    assert str(warning).endswith("The setting is ignored.")


def test_a_setting_with_an_odd_name_is_left_out(parse) -> None:
    found = parse(config_schema={"a b": {"type": "string"}, "../x": {"type": "string"}})
    assert found.config_schema == {}
    assert len(found.warnings) == 2
