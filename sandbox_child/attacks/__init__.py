"""Attacks of a guest that has broken out, executed by ``ohd sandbox check``.

::

    forkserver   a fork server that also takes attacks; never the one that runs plugins
    attacker     a child of it: prepare, lock down, try one attack, say how it went
    catalogue    every attack
    calls, channels, files, foreign, frames, memory, powers, processes, query, sockets
                 the attacks, one module per family
    programs     programs that an attack would start
    attack       what an attack is
    programs_may
                 what the cage of a native plugin's program allows, and why
    scene        what there is to attack
    kernel       raw system calls

An attack that succeeds must harm nobody: its victims are files, processes, sockets and memory that
the check itself has made, and what would change the machine is called with arguments that the
kernel refuses behind its permission check. A plugin's child never imports any of this.
"""
