"""Every system call number, made for real by a process that has only the filter."""

import json
import signal

from sandbox_child.lockdown.policy import plugin_rules
from sandbox_child.lockdown.syscalls import this_architecture

HIGHEST, WORKED = 699, 9
_SWEEP = """
import ctypes, json, os
from sandbox_child.lockdown import process
from sandbox_child.lockdown.bpf import assemble
from sandbox_child.lockdown.libc import libc
from sandbox_child.lockdown.policy import plugin_rules
from sandbox_child.lockdown.seccomp import load_filter
from sandbox_child.lockdown.syscalls import this_architecture
process.no_new_privileges()
ended = {{}}
for number in range({highest} + 1):
    pid = os.fork()
    if pid == 0:
        load_filter(assemble(plugin_rules(os.getpid()), this_architecture()))
        result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(-1)] * 6)
        os._exit(0 if result < 0 else {worked})
    _, status = os.waitpid(pid, 0)
    ended[number] = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
print(json.dumps(ended))
"""


# The kernel lets these two past every filter, as they do the work of a probe that an administrator
# has set; whoever else makes them gets an error or a signal.
PROBES = {"uretprobe", "uprobe"}


def test_no_call_but_those_of_the_policy_is_survived(run_alone):
    numbers = this_architecture().numbers
    named = {numbers[rule.syscall] for rule in plugin_rules(0)}
    probes = {numbers[name] for name in PROBES & numbers.keys()}
    ended = {
        int(n): end
        for n, end in json.loads(run_alone(_SWEEP.format(highest=HIGHEST, worked=WORKED))).items()
    }
    assert len(ended) == HIGHEST + 1
    for number in ended.keys() - named - probes:
        assert ended[number] == -signal.SIGSYS, f"call {number}"
    for number in probes:
        assert ended[number] != WORKED
    # The sweep itself is sound: calls without conditions do pass.
    assert all(ended[numbers[name]] == WORKED for name in ("getpid", "gettid", "brk"))
