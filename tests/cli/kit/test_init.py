"""``ohd plugin init``: what it writes, and what it refuses to overwrite."""

import json

import pytest

from cli.kit.init import LANGUAGES
from supervisor.manifest import parse_manifest


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_project_has_its_files_and_no_placeholder_is_left(ohd, language):
    said = ohd.good("plugin", "init", "slack-alerts", "--lang", language)
    folder = ohd.folder / "slack-alerts"
    facts = LANGUAGES[language]
    for path in ("manifest.json", "Makefile", "README.md", ".gitignore", facts.main, facts.helper):
        assert (folder / path).is_file()
        assert f"  {path}\n" in said
    for path in folder.rglob("*.*"):
        for word in ("@NAME@", "@ID@", "@TITLE@", "@LANGUAGE@", "@MAIN@", "@HELPER@", "@NEEDS@"):
            assert path.is_dir() or word not in path.read_text("utf-8"), path
    assert "cd slack-alerts\n" in said
    assert facts.needs in said


def test_the_manifest_is_one_that_an_installation_takes(ohd):
    ohd.good("plugin", "init", "slack-alerts", "--lang", "zig", "--id", "org.example.alerts")
    manifest = parse_manifest((ohd.folder / "slack-alerts" / "manifest.json").read_bytes())
    assert (manifest.id, manifest.name) == ("org.example.alerts", "Slack Alerts")
    assert manifest.events == ("ticket.created",)
    assert not manifest.unknown


def test_without_an_id_it_is_one_of_example_com(ohd):
    ohd.good("plugin", "init", "alerts", "--lang", "c")
    manifest = json.loads((ohd.folder / "alerts" / "manifest.json").read_bytes())
    assert manifest["id"] == "com.example.alerts"


@pytest.mark.parametrize("name", ["Slack", "-x", "a b", "../x", "x/y", "x" * 51, "ünïcödé", "x-"])
def test_a_name_that_cannot_be_a_folder_and_a_module_is_refused(ohd, name):
    said = ohd.refused("plugin", "init", "--lang", "go", "--", name)
    assert "lower-case letters, digits and hyphens" in said
    assert list(ohd.folder.iterdir()) == []


def test_an_id_that_no_manifest_may_have_is_refused_before_anything_is_written(ohd):
    said = ohd.refused("plugin", "init", "alerts", "--lang", "go", "--id", "alerts")
    assert "reverse-domain" in said
    assert list(ohd.folder.iterdir()) == []


def test_an_unknown_language_is_refused_with_the_known_ones(ohd):
    result = ohd("plugin", "init", "alerts", "--lang", "cobol")
    assert result.exit_code == 2
    assert "'cobol' is not one of" in result.stderr
    for language in LANGUAGES:
        assert repr(language) in result.stderr


def test_a_folder_with_something_in_it_is_left_alone(ohd):
    (ohd.folder / "alerts").mkdir()
    (ohd.folder / "alerts" / "notes.txt").write_text("mine")
    assert "not empty" in ohd.refused("plugin", "init", "alerts", "--lang", "go")
    assert [path.name for path in (ohd.folder / "alerts").iterdir()] == ["notes.txt"]


def test_an_empty_folder_is_taken_and_a_file_is_not(ohd):
    (ohd.folder / "alerts").mkdir()
    ohd.good("plugin", "init", "alerts", "--lang", "rust")
    ohd.write("other", "mine")
    assert "is a file" in ohd.refused("plugin", "init", "other", "--lang", "rust")
