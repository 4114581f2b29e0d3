"""Resource limits, read back by the process that has them."""

import json
import resource

MIB = 1 << 20


def test_every_limit_is_set_hard(run_alone):
    said = run_alone(f"""
import json, resource
from sandbox_child.lockdown.limits import ResourceLimits, apply_limits
apply_limits(ResourceLimits({150 * MIB}, {5 << 30}, file_size=7, cpu_seconds=30))
limits = {{name: resource.getrlimit(getattr(resource, name))
          for name in dir(resource) if name.startswith("RLIMIT_")}}
limits["LOCKS"] = resource.getrlimit(10)
print(json.dumps(limits))
""")
    limits = json.loads(said)
    for name in ("CORE", "NOFILE", "NPROC", "MEMLOCK", "MSGQUEUE", "SIGPENDING", "NICE", "RTPRIO"):
        assert limits[f"RLIMIT_{name}"] == [0, 0], name
    assert limits["LOCKS"] == [0, 0]
    assert limits["RLIMIT_STACK"] == [8 * MIB, 8 * MIB]
    assert limits["RLIMIT_DATA"] == [150 * MIB, 150 * MIB]
    assert limits["RLIMIT_AS"] == [5 << 30, 5 << 30]
    assert limits["RLIMIT_FSIZE"] == [7, 7]
    assert limits["RLIMIT_CPU"] == [30, 31]


def test_a_plugin_has_no_processor_limit_but_its_deadline(run_alone):
    said = run_alone(f"""
import resource
from sandbox_child.lockdown.limits import ResourceLimits, apply_limits
apply_limits(ResourceLimits({150 * MIB}, {5 << 30}))
print(resource.getrlimit(resource.RLIMIT_CPU)[0])
""")
    assert int(said) == resource.RLIM_INFINITY


def test_the_end_of_memory_is_an_error_that_can_be_caught(run_alone):
    said = run_alone(f"""
from sandbox_child.lockdown.limits import ResourceLimits, apply_limits
apply_limits(ResourceLimits({100 * MIB}, {5 << 30}))
try:
    bytearray({300 * MIB})
except MemoryError:
    print("refused")
""")
    assert said == "refused"
