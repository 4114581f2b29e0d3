"""Checks of the machine.

::

    doctor   ``ohd doctor``
    caged    its part on the sandbox: one real child locks itself down
    checkup  its part on the machine and the data directory
    sandbox  ``ohd sandbox check``
"""
