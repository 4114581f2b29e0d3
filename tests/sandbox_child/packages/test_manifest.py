"""The manifest of a package, and which file is its module."""

import json
import time
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sandbox_child.packages import DEFAULT_CAPS, PackageError
from sandbox_child.packages.yaml_text import read_yaml


def test_plugin_yaml_becomes_json(read, entry) -> None:
    text = """\
# a comment
name: stats
version: 1.10
runtime: wasm
wasm: x.wasm
description: >
  Two
  lines
author: "Somebody"
license: 'MIT'
resources:
  memory_mb: 32
  call_timeout: 15s
  permissions:
    - type: db
      access: read
      scope: [ticket, queue]
enabled: true
empty:
tilde: ~
date: 2024-01-31
float: 1.5
octal: 0o17
"""
    manifest = json.loads(read(entry("plugin.yaml", text)).manifest_json)
    assert manifest == {
        "name": "stats",
        "version": "1.10",
        "runtime": "wasm",
        "wasm": "x.wasm",
        "description": "Two lines\n",
        "author": "Somebody",
        "license": "MIT",
        "resources": {
            "memory_mb": 32,
            "call_timeout": "15s",
            "permissions": [{"type": "db", "access": "read", "scope": ["ticket", "queue"]}],
        },
        "enabled": True,
        "empty": None,
        "tilde": None,
        "date": "2024-01-31",
        "float": "1.5",
        "octal": "0o17",
    }


def test_manifest_json_is_handed_on_as_it_is(read, entry) -> None:
    raw = '{"name": "a", "name": "b"}'
    assert read(entry("manifest.json", raw)).manifest_json == raw.encode()


def test_plugin_yaml_wins_over_manifest_json_beside_it(read, entry) -> None:
    package = read(entry("manifest.json", '{"name": "a"}'), entry("plugin.yaml", "name: b"))
    assert package.manifest_json == b'{"name": "b"}'


def test_two_manifests_of_one_depth_are_refused(refused, entry) -> None:
    assert "has two manifests" in refused(
        entry("a/manifest.json", "{}"), entry("b/plugin.yaml", "{}")
    )


@pytest.mark.parametrize("name", ["manifest.json", "plugin.yaml"])
@pytest.mark.parametrize("content", ["[]", '[{"name": "a"}]', '"text"', "7", "null"])
def test_a_manifest_that_is_no_object_is_refused(refused, entry, name, content) -> None:
    sentence = refused(entry(name, content))
    assert "expected an object with keys and values" in sentence
    assert ("a list" in sentence) == content.startswith("[")


def test_an_empty_manifest_is_refused(refused, entry) -> None:
    assert "not an object" in refused(entry("plugin.yaml", ""))
    assert "not JSON" in refused(entry("manifest.json", ""))


@pytest.mark.parametrize("name", ["manifest.json", "plugin.yaml"])
def test_ten_megabytes_of_manifest_are_refused(refused, entry, name) -> None:
    content = b'{"a": "' + bytes(i % 26 + 97 for i in range(10 << 20)) + b'"}'
    assert "at most 262,144 are allowed" in refused(entry(name, content, method=0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x\n", "uses an alias"),
        ("a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "uses an alias"),
        ("a: &a {<<: *a}\n", "uses an alias"),
        ("a: !!python/object/apply:os.system [id]\n", "uses the tag"),
        ("a: !!binary aGk=\n", "uses the tag"),
        ("a: !x y\n", "uses the tag"),
        ("!!map {a: b}\n", "uses the tag"),
        ("!!set {a}\n", "uses the tag"),
        ("%YAML 1.1\n---\na: yes\n", "%YAML directive"),
        ("a: 1\n---\nb: 2\n", "more than one document"),
        ("a: 1\na: 2\n", 'the key "a" twice'),
        ("? [a, b]\n: c\n", "a key that is not plain text"),
        ("? {a: b}\n: c\n", "a key that is not plain text"),
        ("a: [1, 2", "is not YAML"),
        ("a: 'x", "is not YAML"),
        ("\ta: x", "is not YAML"),
        ("a: b: c", "is not YAML"),
        ("a: \x07", "is not YAML"),
        ("@a: b", "is not YAML"),
        ("a: " + "[" * 17 + "]" * 17, "nested deeper than 16 levels"),
        ("[" * 100_000, "nested deeper than 16 levels"),
        ("a: [" + "1," * 30_000 + "]", "more than 20,000 values"),
    ],
)
def test_yaml_beyond_plain_values_is_refused(refused, entry, text, said) -> None:
    sentence = refused(entry("plugin.yaml", text))
    assert said in sentence
    assert sentence.isprintable()


@pytest.mark.parametrize(
    "content",
    ["{", '{"a": 1} x', "[" * 100_000, '{"a": ' + "9" * 5_000 + "}", "name: x", "\ufeff{}"],
)
def test_a_manifest_that_is_not_json_is_refused(refused, entry, content) -> None:
    assert refused(entry("manifest.json", content, method=0)).startswith(
        'the package\'s entry "manifest.json" is'
    )


@pytest.mark.parametrize("name", ["manifest.json", "plugin.yaml"])
def test_a_manifest_that_is_not_utf8_is_refused(refused, entry, name) -> None:
    assert "is not UTF-8" in refused(entry(name, b'{"a": "\xff"}'))


def test_the_manifest_names_the_module_of_several(read, entry, changed) -> None:
    other = entry("other.wasm", b"\0asm\1\0\0\0other")
    assert read(other, entry("plugin.yaml", "wasm: other.wasm")).module.endswith(b"other")
    package = read(
        entry("p/plugin.yaml", "WASM: ./bin/b.wasm"),
        entry("p/bin/b.wasm", b"\0asm\1\0\0\0deep"),
    )
    assert package.module_name == "p/bin/b.wasm"


def test_several_modules_without_a_word_are_refused(refused, entry) -> None:
    sentence = refused(entry("y.wasm", b"\0asm\1\0\0\0"))
    assert 'has 2 .wasm files ("x.wasm", "y.wasm"); expected one' in sentence


def test_a_package_without_a_module_is_refused(refused, entry) -> None:
    assert "has 0 .wasm files (none)" in refused(entry("a.txt", "x"), module=None)


@pytest.mark.parametrize("wanted", ["z.wasm", "../x.wasm", "/x.wasm", "x.txt"])
def test_a_module_that_is_not_there_is_refused(refused, entry, wanted) -> None:
    text = json.dumps({"wasm": wanted})
    assert "which its manifest names" in refused(entry("manifest.json", text))


def test_a_module_that_is_none_is_refused(refused, changed) -> None:
    assert "is not a WebAssembly module" in refused(module=changed(content=b"MZ"))


def test_an_unknown_runtime_is_refused(refused, entry) -> None:
    assert 'has the runtime "docker"' in refused(entry("plugin.yaml", "runtime: docker"))


@pytest.mark.parametrize("runtime", ["wasm", "template", "''", ""])
def test_these_runtimes_are_a_module(read, entry, runtime) -> None:
    assert read(entry("plugin.yaml", f"runtime: {runtime}\nname: x\n")).module


def test_a_signature_of_any_length_is_not_read(refused, entry) -> None:
    assert "at most 1,024 are allowed" in refused(entry("x.wasm.sig", "a" * 1_025))


SCALAR = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=10)
TREE = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        SCALAR, lambda i: st.lists(i, max_size=3) | st.dictionaries(st.text(), i), max_leaves=8
    ),
    max_size=5,
)


def attempt(text: str) -> tuple[Any, str]:
    try:
        return read_yaml(text, "plugin.yaml", DEFAULT_CAPS), ""
    except PackageError as error:
        return None, str(error)


@given(TREE)
def test_json_is_read_as_the_yaml_that_it_is(tree) -> None:
    text = json.dumps(tree, ensure_ascii=False)
    # These end a line in YAML, also within quotes.
    assume(not set("\x85\u2028\u2029") & set(text))
    value, refused = attempt(text)
    # YAML has fewer characters than JSON.
    assert value == tree if not refused else "is not YAML" in refused


@given(st.text(alphabet="ab:-[]{}&*!|>?%@'\"#, \n\t0~", max_size=60))
def test_any_text_is_read_or_refused(text) -> None:
    value, refused = attempt(text)
    assert refused.isprintable()
    assert json.dumps(value)


@pytest.mark.parametrize(
    "text",
    [
        "? " * 60_000,
        "a: " * 60_000,
        "- " * 60_000,
        "[a," * 60_000,
        "{" * 200_000,
        "'" * 200_000,
        "a\n" * 100_000,
        "#\n" * 100_000,
        "&a " * 60_000,
        '"' + "\\x41" * 60_000,
        "|\n" + " " * 200_000,
    ],
)
def test_yaml_takes_bounded_time(text) -> None:
    began = time.process_time()
    attempt(text)
    assert time.process_time() - began < 20
