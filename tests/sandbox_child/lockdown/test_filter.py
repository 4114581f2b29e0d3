"""The filter as a program: what it answers to every call, run in a small machine of our own."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox_child.lockdown.bpf import ALLOW, KILL_PROCESS, OneOf, Rule, assemble
from sandbox_child.lockdown.numbers import AARCH64, X86_64
from sandbox_child.lockdown.policy import compiler_rules, plugin_rules
from sandbox_child.lockdown.syscalls import Architecture

PID = 4242
X86 = Architecture(0xC000003E, 0x40000000, X86_64)
ARM = Architecture(0xC00000B7, None, AARCH64)
I386, ARM32 = 0x40000003, 0x40000028
ERRNO = 0x00050000
MACHINES = pytest.mark.parametrize("machine", [X86, ARM], ids=["x86-64", "aarch64"])
POLICIES = pytest.mark.parametrize("rules", [plugin_rules, compiler_rules])

u64 = st.integers(0, (1 << 64) - 1)
u32 = st.integers(0, (1 << 32) - 1)
sixes = st.tuples(u64, u64, u64, u64, u64, u64)

PRIVATE_ANONYMOUS = 0x22
READ_WRITE, READ_EXECUTE = 3, 5


def plugin(machine: Architecture) -> bytes:
    return assemble(plugin_rules(PID), machine)


@MACHINES
@POLICIES
def test_a_call_that_the_policy_does_not_name_kills(answer, machine, rules):
    allowed = {machine.numbers[rule.syscall] for rule in rules(PID)}
    program = assemble(rules(PID), machine)
    for number in range(1024):
        if number not in allowed:
            for arguments in ((), (1, 1, 1, 1, 1, 1), ((1 << 64) - 1,) * 6):
                got = answer(program, machine.audit, number, arguments)
                assert got == KILL_PROCESS, f"call {number}"


@given(number=u32, arguments=sixes)
def test_no_arguments_make_an_unknown_call_pass(answer, number, arguments):
    allowed = {X86.numbers[rule.syscall] for rule in plugin_rules(PID)}
    got = answer(plugin(X86), X86.audit, number, arguments)
    assert number in allowed or got == KILL_PROCESS


@given(arch=u32, number=st.integers(0, 1023), arguments=sixes)
def test_the_language_of_another_machine_kills(answer, arch, number, arguments):
    if arch != X86.audit:
        assert answer(plugin(X86), arch, number, arguments) == KILL_PROCESS


@pytest.mark.parametrize("arch", [I386, ARM32, ARM.audit, 0])
def test_the_neighbours_of_x86_64_kill(answer, arch):
    assert answer(plugin(X86), arch, X86.numbers["getpid"]) == KILL_PROCESS


@given(number=st.integers(0, 0x3FFFFFFF), arguments=sixes)
def test_every_x32_call_kills(answer, number, arguments):
    got = answer(plugin(X86), X86.audit, X86.x32_bit | number, arguments)
    assert got == KILL_PROCESS


@given(arguments=sixes)
def test_only_the_two_pipes_can_be_read_and_written(answer, arguments):
    program, numbers = plugin(X86), X86.numbers
    descriptor = arguments[0] & 0xFFFFFFFF
    read = answer(program, X86.audit, numbers["read"], arguments)
    write = answer(program, X86.audit, numbers["write"], arguments)
    assert (read == ALLOW) == (descriptor == 0)
    assert (write == ALLOW) == (descriptor == 1)


def test_writing_to_stderr_fails_where_it_would_else_kill(answer):
    got = answer(plugin(X86), X86.audit, X86.numbers["write"], (2, 0, 0))
    assert got == ERRNO | errno.EBADF
    assert answer(plugin(X86), X86.audit, X86.numbers["read"], (2, 0, 0)) == KILL_PROCESS


@MACHINES
@POLICIES
@given(arguments=sixes)
def test_memory_is_mapped_private_and_anonymous_or_not_at_all(answer, machine, rules, arguments):
    program = assemble(rules(PID), machine)
    got = answer(program, machine.audit, machine.numbers["mmap"], arguments)
    protection, flags = arguments[2], arguments[3]
    harmless = 0x10 | 0x4000 | 0x20000
    fits = protection & ~READ_WRITE == 0 and flags & ~harmless == PRIVATE_ANONYMOUS
    assert (got == ALLOW) == fits


@pytest.mark.parametrize("flag", [0x01, 0x100, 0x2000, 0x8000, 0x40000, 0x100000, 1 << 40])
def test_a_mapping_that_escapes_the_limits_kills(answer, flag):
    call = (0, 4096, READ_WRITE, PRIVATE_ANONYMOUS | flag)
    assert answer(plugin(X86), X86.audit, X86.numbers["mmap"], call) == KILL_PROCESS
    plain = (0, 4096, READ_WRITE, PRIVATE_ANONYMOUS)
    assert answer(plugin(X86), X86.audit, X86.numbers["mmap"], plain) == ALLOW


@given(protection=u64)
def test_a_plugin_makes_no_page_executable(answer, protection):
    call = (0x1000, 4096, protection)
    got = answer(plugin(X86), X86.audit, X86.numbers["mprotect"], call)
    assert (got == ALLOW) == (protection & ~READ_WRITE == 0)


@given(protection=u64)
def test_a_compiler_publishes_code_but_never_writable(answer, protection):
    program = assemble(compiler_rules(PID), X86)
    call = (0x1000, 4096, protection)
    got = answer(program, X86.audit, X86.numbers["mprotect"], call)
    assert (got == ALLOW) == (protection in (0, 1, READ_WRITE, READ_EXECUTE))


@given(pid=u32, signal=u32)
def test_a_child_signals_itself_alone(answer, pid, signal):
    got = answer(plugin(X86), X86.audit, X86.numbers["tgkill"], (pid, pid, signal))
    assert (got == ALLOW) == (pid == PID)


@given(operation=u32)
def test_only_plain_locks_can_be_waited_for(answer, operation):
    got = answer(plugin(X86), X86.audit, X86.numbers["futex"], (0, operation))
    assert (got == ALLOW) == (operation & ~256 in (128, 129, 137, 138))


@given(clock=u32)
def test_only_the_machines_and_the_own_clocks_are_read_and_slept_by(answer, clock):
    got = answer(plugin(X86), X86.audit, X86.numbers["clock_gettime"], (clock,))
    assert (got == ALLOW) == (clock <= 7)
    got = answer(plugin(X86), X86.audit, X86.numbers["clock_nanosleep"], (clock,))
    assert (got == ALLOW) == (clock <= 1)


@MACHINES
@pytest.mark.parametrize(
    ("call", "number"),
    [("openat", errno.EACCES), ("newfstatat", errno.EACCES), ("ioctl", errno.ENOTTY),
     ("mremap", errno.ENOMEM)],
)  # fmt: skip
def test_calls_that_python_tries_in_vain_are_refused_softly(answer, machine, call, number):
    got = answer(plugin(machine), machine.audit, machine.numbers[call], (1, 2, 3, 4, 5, 6))
    assert got == ERRNO | number


@given(
    first=st.lists(u32, min_size=1, max_size=4, unique=True),
    second=st.lists(u32, min_size=1, max_size=4, unique=True),
    value=u64,
    other=u64,
)
def test_the_first_rule_that_fits_decides(answer, first, second, value, other):
    rules = [
        Rule("read", (OneOf(0, tuple(first)), OneOf(3, tuple(second), wide=True))),
        Rule("read", (OneOf(0, tuple(second)),), errno=7),
        Rule("getpid"),
    ]
    program = assemble(rules, X86)
    got = answer(program, X86.audit, X86.numbers["read"], (value, 0, 0, other))
    low = value & 0xFFFFFFFF
    expected = KILL_PROCESS
    if low in first and other in second:
        expected = ALLOW
    elif low in second:
        expected = ERRNO | 7
    assert got == expected
    assert answer(program, X86.audit, X86.numbers["getpid"]) == ALLOW


@MACHINES
@POLICIES
def test_the_program_fits_into_what_the_kernel_takes(machine, rules):
    assert len(assemble(rules(PID), machine)) // 8 <= 4096
