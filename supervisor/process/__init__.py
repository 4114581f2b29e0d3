"""Operating-system processes: the fork server, one child, and the conversation with it.

::

    spawn         makes a plugin's child and the session that owns it
    pipes         a child with two pipes to it, made and released together
    session       one child from start to end: pipes, the kill, answers, reaping
    deadline      when a child must be killed: its start, a guest call, or busy with nothing to do
    report        what a child reports of its lockdown
    work          guest calls of the GoatKit contract, as messages
    conversation  the state machine of what a child may say when; pure
    forkserver    the supervisor's end of the fork server: asks for children, replaces a dead one
    cgroups       control groups for children
    cage          the lockdown that children get, and the user each one becomes
    handle        a child, known by its pidfd
    orphans       children whose owner never heard of them
    errors        what can go wrong with processes
"""
