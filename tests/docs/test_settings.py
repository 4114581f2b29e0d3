"""The table of settings against the code that reads them."""

import json
import re

import msgspec

from cli.config_file import File
from tests.docs.pages import ROOT

ROW = re.compile(r"^\| `(\[\w+\] \w+)` \| `(.+?)` \| .+ \| (.+) \|$", re.MULTILINE)
AT_RUN_TIME = {"egress", "plugins", "log"}


def test_the_manual_has_every_setting_with_its_default():
    written = {
        key: json.loads(default)
        for key, default, _ in ROW.findall((ROOT / "docs/operations.md").read_text("utf-8"))
    }
    sections = msgspec.to_builtins(File())
    del sections["limits"]
    assert written == {
        f"[{section}] {key}": value
        for section, keys in sections.items()
        for key, value in keys.items()
    }


def test_the_manual_says_which_settings_change_at_a_signal():
    for key, _, when in ROW.findall((ROOT / "docs/operations.md").read_text("utf-8")):
        section = key[1:].partition("]")[0]
        assert (when == "`SIGHUP`") == (section in AT_RUN_TIME), key
