"""The server's log: what strangers put into it controls no terminal and forges no line."""

import subprocess
import sys

import pytest

LOGGED = """
import logging, structlog
from cli.logs import set_up_logging
set_up_logging("info", json_lines={json_lines})
hostile = "/a\\x1b]0;owned\\x07\\r\\n2026-01-01 [info] forged \\u202e"
logging.getLogger("web").error("GET %s failed", hostile)
structlog.get_logger().error("plugin_failed", error=hostile)
try:
    raise ValueError(hostile)
except ValueError:
    logging.getLogger("web").exception("with a traceback")
"""


@pytest.mark.parametrize("json_lines", [True, False])
def test_a_log_line_is_one_line_and_holds_no_control_character(json_lines: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOGGED.format(json_lines=json_lines)],
        stderr=subprocess.PIPE,
        check=True,
        env={"NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"},
    )
    text = done.stderr.decode()
    for forbidden in ("\x1b]", "\x07", "\r", "\u202e"):
        assert forbidden not in text
    assert text.count("owned") == 3
    assert not [
        line for line in text.splitlines()[:2] if line.startswith("2026-01-01 [info] forged")
    ]
    assert "Traceback" in text
