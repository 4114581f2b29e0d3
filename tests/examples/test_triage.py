"""Triage: rules of the configuration suggest priorities and set fields."""

import json

import pytest

RULES = [
    {
        "name": "outages",
        "if": {"words": ["outage", "is down"]},
        "then": {"priority": "Critical", "fields": {"team": "operations"}},
    },
    {
        "name": "the board",
        "if": {"email_ends_with": "@example.com"},
        "then": {"priority": "High", "fields": {"team": "service desk", "vip": "yes"}},
    },
    {"if": {"category": "no such category"}, "then": {"fields": {"never": "set"}}},
]


@pytest.fixture
async def triage(open_example):
    return await open_example("triage", {"rules": json.dumps(RULES)})


async def test_the_first_rule_that_fits_decides_each_thing(triage, custom_fields):
    ticket = await triage.create("VPN is DOWN", priority="Low")
    assert custom_fields(ticket) == {
        "triage_priority": "Critical",
        "team": "operations",
        "vip": "yes",
    }
    assert await triage.notes(ticket) == [
        "Triage suggests the priority Critical in place of Low. Rules that fit: outages, the board."
    ]
    # A word is a whole word, in the subject or the description.
    other = await triage.create("Downtown", "outages of the 90s", priority="High")
    assert custom_fields(other) == {
        "triage_priority": "High",
        "team": "service desk",
        "vip": "yes",
    }
    # It is High already, so there is nothing to tell the agent.
    assert await triage.notes(other) == []
    await triage.configure(write_note=False)
    silent = await triage.create("Outage", priority="Low")
    assert custom_fields(silent)["triage_priority"] == "Critical"
    assert await triage.notes(silent) == []
    assert await triage.log() == []


BAD = {
    '[\n  {"if": }\n]': "rules: line 2, column 10: this is not JSON (SyntaxError)",
    "{}": "rules: expected an array of rules",
    "[1]": "rules[0]: expected an object with name, if, then",
    '[{"when": {}}]': 'rules[0]: unknown key "when"; there are name, if, then',
    '[{"if": {"wrods": []}}]': (
        'rules[0].if: unknown key "wrods"; there are words, category, email_ends_with'
    ),
    '[{"if": {"words": "vpn"}}]': "rules[0].if.words: expected an array of texts",
    '[{"if": {"words": [""]}}]': "rules[0].if.words[0]: expected a word or a phrase",
    '[{"if": {"category": 1}}]': "rules[0].if.category: expected a text",
    '[{"if": {}}]': "rules[0].then: expected a priority, or fields, or both",
    '[{"then": {"priority": "high"}}]': (
        'rules[0].then.priority: "high" is none of Low, Medium, High, Critical'
    ),
    '[{"then": {"fields": {"a": 1}}}]': "rules[0].then.fields.a: expected a text",
}


async def test_a_mistake_in_the_rules_is_named_with_its_place_and_nothing_is_done(
    triage, custom_fields
):
    good = json.dumps(RULES[0])
    for rules in BAD:
        both = f"{rules[:-1]}, {good}]" if rules.startswith("[{") else rules
        await triage.configure(rules=both)
        ticket = await triage.create("Outage")
        assert custom_fields(ticket) == {}
    assert await triage.log() == [f"error: {sentence}" for sentence in BAD.values()]
    assert {delivery.outcome for delivery in await triage.deliveries()} == {"ok"}


async def test_a_field_that_the_help_desk_refuses_is_told_of(triage, custom_fields):
    rules = [{"then": {"priority": "High", "fields": {"not a key!": "x", "fine": "y"}}}]
    await triage.configure(rules=json.dumps(rules), write_note=False)
    ticket = await triage.create()
    assert custom_fields(ticket) == {"triage_priority": "High", "fine": "y"}
    assert "warn: the field not a key! was not accepted: Malformed" in await triage.log()
