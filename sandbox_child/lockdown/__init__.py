"""Locking the calling process down for good: what is left is worth nothing to a burglar.

Linux only. Everything goes through ctypes: no dependency, nothing imported later.

::

    order       the order in which the steps work; runs them and reports
    policy      the system calls that a locked child may make, and why each
    program_policy
                the system calls that a native plugin's program may make
    view        a root folder of its own
    namespaces  no network, System V objects of its own
    seccomp     loads a system call filter
    landlock    no file system, no TCP, no signals to others
    privileges  users and capabilities
    process     attributes of the process that are set once
    limits      resource limits
    cgroup      joins control groups
    bpf         assembles filters; pure
    syscalls    the machines that the sandbox knows
    numbers     every system call by name; data only
    status      the names of the controls
    libc        the few libc entries that are called
    errors      errors of the lockdown
"""
