"""Proves the sandbox on this very machine: attacks it and says what stopped each attack.

::

    check      runs everything; what ``ohd sandbox check`` and the admin page call
    catalogue  the attacks, as the attacking side describes them
    native     attacks by native code: beside each, the same in a child without a lockdown
    talk       attacks by what a child writes
    guests     attacks by guests, against time and memory
    standing   what the system itself says of a locked child, seen from outside
    attempt    one child of any of these, and how it ended
    victims    what the check makes to be attacked
    verdict    stopped, open, harmless or skipped: pure
    report     what is handed back
"""
