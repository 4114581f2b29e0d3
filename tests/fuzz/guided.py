"""Coverage-guided fuzzing of the wire, for hours if need be: ``python -m tests.fuzz.guided``.

Needs the library atheris, which is not among the locked dependencies (it brings a fuzzing engine of
its own and no wheel for every platform)::

    pip install atheris
    python -m tests.fuzz.guided -max_total_time=600 corpus/

The arguments are libFuzzer's. An input is read as a list of choices: what the supervisor does, and
whether the child says a frame of numbers, a frame around any bytes, or bytes that are no frame. The
engine keeps the inputs that reach a new branch, and changes those.
"""

import sys

import atheris

with atheris.instrument_imports(include=["sandbox_child.wire", "supervisor.process.conversation"]):
    from tests.fuzz.grammar import Step, frame, raw_frame
    from tests.fuzz.judge import Judge


def one_input(data: bytes) -> None:
    """Play one input; an assertion of the judge, or any error but WireError, is a find."""
    choices = atheris.FuzzedDataProvider(data)
    steps = []
    while choices.remaining_bytes():
        step = choices.ConsumeIntInRange(0, 15)
        steps.append(Step(ask=step & 1, answer=bool(step & 2), say=_said(choices, step >> 2)))
    Judge().play(steps)


def _said(choices: atheris.FuzzedDataProvider, shape: int) -> bytes:
    if shape == 0:
        return bytes(choices.ConsumeBytes(choices.ConsumeIntInRange(0, 300)))
    if shape == 1:
        packed = choices.ConsumeBytes(choices.ConsumeIntInRange(0, 300))
        return raw_frame(packed, choices.ConsumeBytes(choices.ConsumeIntInRange(0, 80)))
    kind = choices.ConsumeIntInRange(9, 14)
    count = choices.ConsumeIntInRange(0, 5)
    small = [choices.ConsumeIntInRange(0, 8) for _ in range(count)]
    return frame((kind, *small), b"x" * choices.ConsumeIntInRange(0, 70))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
