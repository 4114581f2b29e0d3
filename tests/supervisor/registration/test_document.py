"""A registration as JSON: the plugin's own words, and it reads back as the same."""

import json
from dataclasses import replace

from supervisor.registration import document, parse_registration

EVERYTHING = {
    "id": "goatkit.kb",
    "name": "KB",
    "version": "1.0",
    "description": "Articles",
    "author": "Somebody",
    "license": "MIT",
    "homepage": "https://example.com",
    "min_host_version": "0.7",
    "routes": [
        {
            "method": "POST",
            "path": "/kb/:id",
            "handler": "save",
            "middleware": ["auth", "admin", "group:kb-admin"],
            "description": "Saves",
        },
        {
            "method": "GET",
            "path": "/kb",
            "handler": "list",
            "middleware": [],
            "description": "",
        },
    ],
    "menu_items": [
        {
            "id": "kb",
            "label": "Articles",
            "icon": "book",
            "path": "/kb",
            "location": "agent",
            "parent": "",
            "order": 2,
            "children": [
                {
                    "id": "new",
                    "label": "New",
                    "icon": "",
                    "path": "/kb/new",
                    "location": "admin",
                    "parent": "",
                    "order": 0,
                    "children": [],
                }
            ],
        }
    ],
    "widgets": [
        {
            "id": "recent",
            "title": "kb.recent",
            "description": "",
            "handler": "recent",
            "location": "agent_home",
            "size": "large",
            "order": 1,
            "refreshable": True,
            "refresh_sec": 60,
        }
    ],
    "jobs": [
        {
            "id": "index",
            "handler": "index",
            "schedule": "0 3 * * *",
            "description": "",
            "enabled": True,
            "timeout": "120s",
        }
    ],
    "i18n": {"namespace": "kb", "languages": ["en"], "translations": {"en": {"recent": "R"}}},
    "error_codes": [{"code": "kb:gone", "message": "Gone", "http_status": 410}],
    "resources": {
        "memory_mb": 32,
        "call_timeout": "15s",
        "init_timeout": None,
        "shutdown_timeout": None,
        "max_file_storage_bytes": None,
        "permissions": [{"type": "db", "access": "read", "scope": ["queue", "ticket"]}],
    },
    "hide_menu_items": ["queues"],
    "landing_page": "/kb",
    "groups": [{"name": "kb-admin", "description": ""}],
    "custom_fields": [
        {
            "name": "mood",
            "label": "Mood",
            "entity_type": "ticket",
            "field_type": "text",
            "section": "",
            "order": 0,
            "required": False,
            "description": "",
            "placeholder": "",
        }
    ],
    "events": ["ticket.created"],
    "config_schema": {},
    "dependencies": ["stats"],
}


def test_what_was_taken_is_told_in_the_plugins_own_words() -> None:
    assert document(parse_registration(json.dumps(EVERYTHING).encode())) == EVERYTHING


def test_what_was_told_reads_back_as_the_same() -> None:
    first = parse_registration(json.dumps(EVERYTHING).encode())
    again = parse_registration(json.dumps(document(first)).encode())
    assert replace(again, warnings=()) == replace(first, warnings=())


def test_a_setting_is_told_with_all_its_facts(parse) -> None:
    found = document(parse(config_schema={"size": {"type": "integer", "default": 3}}))
    assert found["config_schema"]["size"]["default"] == 3
    assert json.dumps(found)
