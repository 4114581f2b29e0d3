"""Permissions: as text, as asked for, and what a grant covers, to the letter."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from supervisor.manifest.permissions import sentence as event_sentence
from supervisor.registration import (
    KINDS,
    GrantError,
    Permission,
    allows,
    ask,
    asked,
    choices,
    declares_nothing,
    holds,
    needed,
    parse_grant,
)
from supervisor.registration.permissions import ACCESSES
from supervisor.registration.scopes import BY_KIND

SCOPES = {
    "db": "ticket",
    "http": "api.example.com",
    "email": "@example.com",
    "plugin_call": "stats",
    "publish_event": "kb.changed",
    "ticket_event": "ticket.created",
    "public_route": "/kb/:slug",
    "navigation": "hide.tickets",
}
SUBJECTS = SCOPES | {"email": "somebody@example.com"}


@pytest.mark.parametrize(
    ("text", "kind", "access", "scope"),
    [
        ("db:read:ticket,queue", "db", "read", ("queue", "ticket")),
        ("db:read", "db", "read", ()),
        ("db", "db", "readwrite", ()),
        ("db:readwrite:gk_kb_*", "db", "readwrite", ("gk_kb_*",)),
        ("DB:Read:Ticket", "db", "read", ("ticket",)),
        ("db:read: ticket , ticket", "db", "read", ("ticket",)),
        ("db:read:*", "db", "read", ()),
        ("db:read:ticket,*", "db", "read", ()),
        ("cache", "cache", "readwrite", ()),
        ("cache:write", "cache", "write", ()),
        ("http", "http", "use", ()),
        ("http:api.example.com", "http", "use", ("api.example.com",)),
        ("http:*.Example.com", "http", "use", ("*.example.com",)),
        ("http:readwrite:api.example.com", "http", "use", ("api.example.com",)),
        ("http:localhost", "http", "use", ("localhost",)),
        ("email:@example.com,members", "email", "use", ("@example.com", "members")),
        ("email:write:a@example.com", "email", "use", ("a@example.com",)),
        ("config:read", "config", "use", ()),
        ("plugin_call:stats", "plugin_call", "use", ("stats",)),
        ("public_route:/kb/:id", "public_route", "use", ("/kb/:id",)),
        ("public_route:use:/kb/:id", "public_route", "use", ("/kb/:id",)),
        ("navigation:landing_page", "navigation", "use", ("landing_page",)),
        ("ticket:write", "ticket", "write", ()),
    ],
)
def test_a_grant_is_read(text, kind, access, scope) -> None:
    found = parse_grant(text)
    assert (found.kind, found.access, found.scope) == (kind, access, scope)
    assert parse_grant(found.text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "db:",
        "db:read:",
        "db:read:ticket:queue",
        "db::ticket",
        "db:hard_delete",
        "database",
        "db read",
        "entity:read",
        "db:read:ticket,",
        "db:read:,",
        "db:read:tick*t",
        "db:read:*ticket",
        "db:read:main.ticket",
        "db:read:ticket;drop",
        "db:read:'ticket'",
        "db:ticket",
        "db:read:ticket\nqueue",
        "db:read:tícket",
        "http:https://example.com",
        "http:example.com/path",
        "http:example.com:443",
        "http:*",
        "http:*.com",
        "http:*.",
        "http:a.*.com",
        "http:*example.com",
        "http:exa mple.com",
        "http:.example.com",
        "http:example.com.",
        "http:exämple.com",
        "http:-a.com",
        "http:" + "a" * 254,
        "email:example.com",
        "email:@",
        "email:@a b",
        "email:*@example.com",
        "email:a@b@example.com",
        "email:a@example.com\nBcc: x@y.z",
        "email:<a@example.com>",
        "cache:read:everything",
        "ticket:write:7",
        "config:app.name",
        "public_route:/..%2f",
        "public_route:/kb/",
        "public_route:kb",
        "plugin_call:a/b",
        "db:read:" + ",".join(f"t{n}" for n in range(101)),
        "x" * 9_000,
    ],
)
def test_what_is_no_grant_is_refused(text) -> None:
    if text == "http:*":
        assert parse_grant(text).scope == ()
        return
    with pytest.raises(GrantError) as caught:
        parse_grant(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_an_unknown_kind_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(GrantError, match="expected one of db, cache, http, email"):
        parse_grant("sql:read")


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_known_by_everything(kind) -> None:
    for access in ACCESSES[kind]:
        whole = Permission(kind, access)
        assert ask(whole).sentence
        assert allows([whole], kind, access, SUBJECTS.get(kind))
        assert not allows([], kind, access, SUBJECTS.get(kind))
    assert (kind in BY_KIND) == (kind in SCOPES)


@pytest.mark.parametrize("kind", sorted(SCOPES))
def test_a_scope_covers_its_subject_and_no_other(kind) -> None:
    access = ACCESSES[kind][0]
    grant = parse_grant(f"{kind}:{access}:{SCOPES[kind]}")
    subject = SUBJECTS[kind]
    assert allows([grant], kind, access, subject)
    others = (f"{subject}x", subject[:-1], f"{subject}\n", f" {subject}", "")
    # Of a mail domain, another mailbox is as good.
    for other in (*others, f"x{subject}" if kind != "email" else f"{subject}.net"):
        assert not allows([grant], kind, access, other)
    assert not allows([grant], kind, access, None)


@pytest.mark.parametrize(
    ("grant", "access", "table", "allowed"),
    [
        ("db:read:ticket", "read", "ticket", True),
        ("db:read:ticket", "read", "TICKET", True),
        ("db:read:ticket", "read", "ticket_state", False),
        ("db:read:ticket", "read", "my_ticket", False),
        ("db:read:ticket", "write", "ticket", False),
        ("db:readwrite:ticket", "write", "ticket", True),
        ("db:readwrite", "read", "users", True),
        ("db:read:ticket*", "read", "ticket_state", True),
        ("db:read:ticket*", "read", "ticket", True),
        ("db:read:ticket*", "read", "users", False),
        ("db:read:ticket*", "read", "xticket", False),
        ("db:read:t_cket", "read", "ticket", False),
        ("db:read", "read", "main.users", False),
        ("db:read", "read", "users;", False),
        ("cache:read", "read", "users", False),
    ],
)
def test_tables(grant, access, table, allowed) -> None:
    assert allows([parse_grant(grant)], "db", access, table) == allowed


@pytest.mark.parametrize(
    ("scope", "host", "allowed"),
    [
        ("api.example.com", "api.example.com", True),
        ("api.example.com", "API.Example.COM", True),
        ("api.example.com", "api.example.com.", False),
        ("api.example.com", "xapi.example.com", False),
        ("api.example.com", "a.api.example.com", False),
        ("api.example.com", "api.example.com.evil.net", False),
        ("api.example.com", "api-example.com", False),
        ("api.example.com", "apixexample.com", False),
        ("*.example.com", "api.example.com", True),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "evilexample.com", False),
        ("*.example.com", ".example.com", False),
        ("*.example.com", "evil.net\n.example.com", False),
        ("*.example.com", "evil.net/.example.com", False),
        ("*.example.com", "evil.net#.example.com", False),
        ("*.example.com", "evil.net@api.example.com", False),
        ("*.example.com", "api.example.com:443", False),
        ("*.example.com", "\u212aelvin.example.com", False),
    ],
)
def test_hosts(scope, host, allowed) -> None:
    assert allows([parse_grant(f"http:{scope}")], "http", "use", host) == allowed


@pytest.mark.parametrize(
    ("scope", "address", "allowed"),
    [
        ("@example.com", "a@example.com", True),
        ("@example.com", "a@EXAMPLE.com", True),
        ("@example.com", "a+b.c@example.com", True),
        ("@example.com", "a@sub.example.com", False),
        ("@example.com", "a@example.com.evil.net", False),
        ("@example.com", "a@evil.net@example.com", False),
        ("@example.com", "a@evilexample.com", False),
        ("@example.com", "@example.com", False),
        ("@example.com", "a@example.com,b@evil.net", False),
        ("@example.com", "b@evil.net, a@example.com", False),
        ("@example.com", "<b@evil.net> a@example.com", False),
        ("@example.com", "a@evil.net\n@example.com", False),
        ("@example.com", '"a b"@example.com', False),
        ("@example.com", "members", False),
        ("members", "members", True),
        ("members", "a@example.com", False),
        ("a@example.com", "a@example.com", True),
        ("a@example.com", "A@example.com", False),
        ("a@example.com", "b@example.com", False),
    ],
)
def test_addresses(scope, address, allowed) -> None:
    assert allows([parse_grant(f"email:{scope}")], "email", "use", address) == allowed


def test_grants_add_up_and_never_mix() -> None:
    grants = [parse_grant("db:read:ticket"), parse_grant("db:write:notes"), parse_grant("http")]
    assert allows(grants, "db", "read", "ticket")
    assert allows(grants, "db", "write", "notes")
    assert not allows(grants, "db", "write", "ticket")
    assert not allows(grants, "db", "read", "notes")
    assert not allows(grants, "email", "use", "a@example.com")


@pytest.mark.parametrize(("kind", "access"), [("sql", "read"), ("db", "use"), ("db", "readwrite")])
def test_what_is_no_access_is_never_allowed(kind, access) -> None:
    assert not allows([Permission("db", "readwrite")], kind, access, "ticket")


def test_something_of_a_kind_is_granted() -> None:
    grants = [parse_grant("db:read:ticket")]
    assert holds(grants, "db", "read")
    assert not holds(grants, "db", "write")
    assert not holds(grants, "http", "use")


@pytest.mark.parametrize(
    ("kind", "access", "subject", "text"),
    [
        ("db", "read", "Ticket", "db:read:ticket"),
        ("http", "use", "api.example.com", "http:api.example.com"),
        ("email", "use", "a@example.com", "email:a@example.com"),
        ("cache", "write", None, "cache:write"),
        ("ticket", "write", "7", "ticket:write"),
    ],
)
def test_the_one_click_is_the_narrowest_grant(kind, access, subject, text) -> None:
    grant = needed(kind, access, subject)
    assert grant.text == text
    assert allows([grant], kind, access, subject)


def test_no_grant_allows_what_cannot_be_asked_for() -> None:
    with pytest.raises(GrantError):
        needed("http", "use", "not a host")


LABEL = st.text("abcx0-_", min_size=1, max_size=6)
HOST = st.lists(LABEL, min_size=1, max_size=4).map(".".join)


@given(HOST, HOST, st.booleans())
def test_a_host_scope_covers_exactly_what_it_says(scope, host, below) -> None:
    try:
        grant = parse_grant(f"http:{'*.' * below}{scope}")
        wanted = needed("http", "use", host).scope[0]
    except GrantError:
        assume(False)
    covered = wanted.endswith("." + scope) if below else wanted == scope
    assert allows([grant], "http", "use", host) == covered


@given(st.text("abt_*", min_size=1, max_size=6), st.text("abt_", min_size=1, max_size=8))
def test_a_table_scope_covers_exactly_what_it_says(scope, table) -> None:
    try:
        grant = parse_grant(f"db:read:{scope}")
    except GrantError:
        assert "*" in scope[:-1]
        return
    covered = table.startswith(scope[:-1]) if scope.endswith("*") else table == scope
    assert allows([grant], "db", "read", table) == covered


@given(st.text(max_size=40), st.sampled_from(sorted(SCOPES)))
def test_any_subject_is_covered_only_as_a_whole(subject, kind) -> None:
    access = ACCESSES[kind][0]
    grant = parse_grant(f"{kind}:{access}:{SCOPES[kind]}")
    if allows([grant], kind, access, subject):
        assert subject.isascii()
        assert subject.lower().endswith(SCOPES[kind].lower())


@given(st.text(max_size=60) | st.text("dbhtpemailread:*.,@/ ", max_size=30))
def test_any_text_is_a_grant_or_none(text) -> None:
    try:
        found = parse_grant(text)
    except GrantError:
        return
    assert parse_grant(found.text) == found


def wishes(parse, *permissions):
    found = parse(resources={"permissions": list(permissions)})
    return [wish.text for wish in found.resources.permissions], [str(w) for w in found.warnings]


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        ({"type": "db", "access": "read", "scope": ["ticket"]}, "db:read:ticket"),
        ({"type": "db", "access": "readwrite"}, "db:readwrite"),
        ({"Type": "HTTP", "Access": "Read", "Scope": ["a.com"]}, "http:a.com"),
        ({"type": "email", "scope": []}, "email"),
        ({"type": "email", "access": "write", "scope": None}, "email"),
        ({"type": "db", "access": "read", "scope": ["*"]}, "db:read"),
        ({"type": "plugin_call", "scope": ["stats"]}, "plugin_call:stats"),
    ],
)
def test_permissions_are_asked_for(parse, wish, text) -> None:
    assert wishes(parse, wish) == ([text], [])


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"type": None},
        {"type": 7},
        {"type": "sql"},
        {"type": "entity", "access": "hard_delete"},
        {"type": "db", "access": "hard_delete"},
        {"type": "db", "scope": ["a b"]},
        {"type": "db", "scope": "ticket"},
        {"type": "cache", "scope": ["x"]},
        "db:read",
        7,
    ],
)
def test_a_permission_that_is_none_is_not_asked_for(parse, wish) -> None:
    texts, warnings = wishes(parse, wish, {"type": "config", "access": "read"})
    assert texts == ["config"]
    assert warnings


def test_a_scope_that_is_none_never_widens_what_is_asked_for(parse) -> None:
    texts, (warning,) = wishes(
        parse, {"type": "http", "scope": ["good.example.com", "http://bad/"]}
    )
    assert texts == ["http:good.example.com"]
    assert "http://bad/" in warning


def test_the_review_says_what_is_asked_for_in_words(parse) -> None:
    found = parse(
        resources={
            "permissions": [
                {"type": "db", "access": "read", "scope": ["ticket", "queue"]},
                {"type": "http", "scope": ["api.example.com"]},
                {"type": "email", "scope": ["@example.com", "members"]},
                {"type": "cache", "access": "readwrite"},
            ]
        },
        routes=[
            {"path": "/kb", "handler": "h"},
            {"path": "/kb/:id", "handler": "h", "middleware": ["auth"]},
        ],
        hide_menu_items=["queues"],
        landing_page="/kb",
        events=["ticket.created"],
        custom_fields=[{"name": "mood"}],
    )
    assert [(ask.permission.text, ask.sentence) for ask in asked(found)] == [
        ("db:read:queue,ticket", "Reads the tables queue and ticket of the help desk."),
        (
            "http:api.example.com",
            "Sends requests to api.example.com, with any data that it can read.",
        ),
        (
            "email:@example.com,members",
            "Sends email to @example.com and people with an account here.",
        ),
        ("cache:readwrite", "Reads values from its own cache. Stores values in its own cache."),
        ("public_route:/kb", "Responds without a login at /kb."),
        ("navigation:hide.queues", "Hides queues in everybody's navigation."),
        ("navigation:landing_page", "Chooses the page that agents see after login."),
        ("ticket_event:ticket.created", event_sentence("event:ticket.created")),
        (
            "custom_field:readwrite",
            "Reads its own custom fields on tickets. Sets its own custom fields on tickets.",
        ),
    ]


def test_what_is_asked_for_twice_is_shown_once(parse) -> None:
    wish = {"type": "config"}
    assert len(asked(parse(resources={"permissions": [wish, wish]}))) == 1


def test_a_plugin_that_declares_nothing_gets_the_full_list_to_choose_from(parse) -> None:
    assert declares_nothing(parse(permissions=["db:read"]))
    assert not declares_nothing(parse(resources={"permissions": [{"type": "cache"}]}))
    listed = {choice.permission.text for choice in choices()}
    assert {"db:read", "http", "email", "cache:write", "plugin_call", "file:read"} <= listed
    assert len(listed) == sum(map(len, ACCESSES.values()))
    assert {choice.permission.kind for choice in choices()} == set(KINDS)


def test_what_gives_much_away_is_warned_of() -> None:
    assert "Grant single hosts" in ask(parse_grant("http")).warning
    assert ask(parse_grant("http:api.example.com")).warning is None
    assert "Grant single domains" in ask(parse_grant("email")).warning
    assert "names and email addresses" in ask(parse_grant("db")).warning
    assert "can call it" in ask(parse_grant("public_route:/kb")).warning
    assert "internal notes" in ask(parse_grant("ticket_event:ticket.note_added")).warning
    assert ask(parse_grant("ticket_event:ticket.created")).warning is None
