"""Some seconds of the attack: nobody is shut out, nothing leaks, and a stop ends.

How long pages take is for ``python -m tests.attacker`` to say, on a machine without other work.
"""

from pathlib import Path

from tests.attacker.attacks import HOLDING, RUSHING
from tests.attacker.siege import lay_siege


def test_strangers_shut_nobody_out_and_leave_nothing_behind(tmp_path: Path) -> None:
    outcome = lay_siege(tmp_path, seconds=8.0, idle_s=1.0)
    assert outcome.problems == []
    assert set(outcome.rounds) <= {attack.__name__ for attack in (*RUSHING, *HOLDING)}
    assert len(outcome.attacked) > 0
