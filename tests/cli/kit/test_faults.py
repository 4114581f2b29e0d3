"""What an author reads when a plugin fails: the source line, the limit, the permission."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox_child.wasm.sections import replace_custom_section
from tests.guests.toolchains import CACHE

MANIFEST = {
    "id": "com.example.faulty",
    "name": "Faulty",
    "version": "1.0.0",
    "description": "Fails in the way that its configuration asks for.",
    "events": ["ticket.created"],
    "permissions": {"http": {"allowed_hosts": ["api.example.com"]}},
    "config_schema": {"fault": {"type": "string", "default": "none"}},
}
SOURCE = r"""
#include <stdint.h>
__attribute__((import_module("ohd"), import_name("ohd_log")))
extern void ohd_log(const char *text, uint32_t length, uint32_t level);
__attribute__((import_module("ohd"), import_name("ohd_http_request")))
extern uint32_t ohd_http(const char *text, uint32_t length, uint32_t *at, uint32_t *size);
static char arena[65536];
__attribute__((export_name("ohd_alloc"))) char *ohd_alloc(uint32_t n) { return arena; }
__attribute__((export_name("ohd_free"))) void ohd_free(char *p, uint32_t n) {}

static int has(const char *text, uint32_t length, const char *word) {
  for (uint32_t i = 0; i + 5 <= length; i++) {
    uint32_t k = 0;
    while (k < 5 && text[i + k] == word[k]) k++;
    if (k == 5) return 1;
  }
  return 0;
}
static __attribute__((noinline)) void fall(volatile uint32_t depth) {
  if (depth) __builtin_trap(); /* HERE IT TRAPS */
}
static __attribute__((noinline)) void wait_for_ever(volatile uint32_t *flag) {
  while (!*flag) {} /* HERE IT LOOPS */
}
static __attribute__((noinline)) void fill(void) {
  while (__builtin_wasm_memory_grow(0, 1) != (unsigned long)-1) {}
  __builtin_trap(); /* HERE IT GIVES UP */
}
__attribute__((export_name("on_event"))) void on_event(const char *text, uint32_t length) {
  static volatile uint32_t never = 0;
  uint32_t at, size;
  const char *request = "{\"url\": \"https://other.example/\"}";
  ohd_log("before it", 9, 1);
  ohd_http(request, 33, &at, &size);
  if (has(text, length, "trap!")) fall(length);
  if (has(text, length, "loop!")) wait_for_ever(&never);
  if (has(text, length, "fill!")) fill();
}
"""


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The plugin above, with debug information as an author builds it."""
    pytest.importorskip("ziglang", reason="the Python package ziglang is not installed")
    folder = tmp_path_factory.mktemp("faulty")
    (folder / "main.c").write_text(SOURCE)
    flags = ["-target", "wasm32-freestanding", "-nostdlib", "-Wl,--no-entry", "-g", "-O1"]
    subprocess.run(
        [sys.executable, "-m", "ziglang", "cc", *flags, "main.c", "-o", "plugin.wasm"],
        cwd=folder,
        env={"ZIG_GLOBAL_CACHE_DIR": str(CACHE / "zig"), "ZIG_LOCAL_CACHE_DIR": str(folder)},
        check=True,
    )
    raw = (folder / "plugin.wasm").read_bytes()
    return replace_custom_section(raw, "ohd_manifest", json.dumps(MANIFEST).encode())


@pytest.fixture
def faulty(ohd, module: bytes) -> Path:
    folder = ohd.folder / "faulty"
    (folder / "cases").mkdir(parents=True)
    (folder / "plugin.wasm").write_bytes(module)
    (folder / "manifest.json").write_text(json.dumps(MANIFEST, indent=2))
    return folder


def case(fault: str, more: str = "") -> str:
    return f'event: {{event: ticket.created}}\nconfig: {{fault: "{fault}"}}\n{more}'


def line_with(mark: str) -> int:
    return next(n for n, line in enumerate(SOURCE.splitlines(), 1) if mark in line)


def test_each_failure_is_told_with_its_place_in_the_source(ohd, faulty):
    cases = faulty / "cases"
    (cases / "a_trap.yaml").write_text(case("trap!"))
    (cases / "b_loop.yaml").write_text(case("loop!", "limits: {deadline_s: 0.5}\n"))
    (cases / "c_fill.yaml").write_text(case("fill!", "limits: {memory_bytes: 2097152}\n"))
    result = ohd("plugin", "test", faulty)
    assert result.exit_code == 1
    trap, loop, fill = result.stdout.split("FAIL")[1:]

    assert "outcome differs" in trap
    assert "fall" in trap
    assert f"main.c:{line_with('HERE IT TRAPS')}:" in trap
    assert "info: before it" in trap
    assert "its last host call: ohd_http_request -> 403 (the host other.example" in trap
    # Which permission is missing, and where it is declared.
    assert "list the exact host name in permissions.http.allowed_hosts" in trap
    hosts = (faulty / "manifest.json").read_text().splitlines()
    line = next(n for n, text in enumerate(hosts, 1) if "allowed_hosts" in text)
    assert f"manifest.json:{line}, permissions.http.allowed_hosts" in trap

    assert "it did not end within 0.5 s" in loop
    assert "wait_for_ever" in loop
    # The engine looks at the clock at the head of a loop, which has the line of its function.
    looped = line_with("HERE IT LOOPS")
    assert f"main.c:{looped - 1}:" in loop or f"main.c:{looped}:" in loop

    assert "out of memory: 2048 KiB of linear memory in use, the limit is 2048 KiB" in fill
    assert f"main.c:{line_with('HERE IT GIVES UP')}:" in fill


def test_run_tells_the_place_too(ohd, faulty):
    event = ohd.event(config={"fault": "trap!"})
    result = ohd("plugin", "run", faulty / "plugin.wasm", "--event", event)
    assert result.exit_code == 1
    assert f"main.c:{line_with('HERE IT TRAPS')}:" in result.stdout
    assert "info  before it" in result.stdout
    assert "-> 403 (the host other.example is not declared" in result.stdout


def test_embed_names_the_line_of_a_manifest_that_is_wrong(ohd, faulty):
    manifest = faulty / "manifest.json"
    text = manifest.read_text()
    module = faulty / "plugin.wasm"

    def refused(changed: str) -> str:
        manifest.write_text(changed)
        return ohd.refused("plugin", "embed", module, manifest, "-o", "out.wasm")

    line = next(n for n, t in enumerate(text.splitlines(), 1) if "api.example.com" in t)
    wrong = text.replace('"api.example.com"', '"https://api.example.com"')
    assert refused(wrong).startswith(f"{manifest}:{line}: the manifest's ")
    assert refused(text.replace('"1.0.0"', '"one"')).startswith(f"{manifest}:4: ")
    assert refused(text.replace('"1.0.0",', '"1.0.0"')).startswith(f"{manifest}:5: ")
    assert refused(text.replace('"version": "1.0.0",', "")).startswith(f"{manifest}:1: ")


def test_embed_warns_of_keys_that_are_not_known(ohd, faulty):
    manifest = faulty / "manifest.json"
    manifest.write_text(json.dumps({"$schema": "x", **MANIFEST, "ui_panle": 5}, indent=2))
    result = ohd("plugin", "embed", faulty / "plugin.wasm", manifest, "-o", "out.wasm")
    assert result.exit_code == 0
    lines = len(manifest.read_text().splitlines())
    assert result.stderr == (
        f"ohd: warning: {manifest}:{lines - 1}: unknown key 'ui_panle'; did you mean 'ui_panel'?\n"
    )
