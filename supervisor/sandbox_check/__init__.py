"""Proves the sandbox on this very machine: attacks it and says what stopped each attack.

::

    sandbox     what the sandbox can do on this machine, found out at start
    check       runs everything; what ``ohd sandbox check`` and the admin page call
    talk        attacks by what a child writes
    calls       attacks by host calls that a module never requested
    guests      attacks by guests, against time and memory
    standing    what the system itself says of a locked child, seen from outside
    native      attacks by native code: beside each, the same in a child without a lockdown
    verdict     stopped, open, harmless or skipped: pure
    catalogue   the attacks, as the attacking side describes them
    orphan      a supervisor that is about to be killed, as a program
    attempt     one child of any of these, and how it ended
    watched     a session with a record of what its child did
    victims     what the check makes to be attacked
    guest_code  small hostile guests, assembled by hand
    report      what is handed back
"""
