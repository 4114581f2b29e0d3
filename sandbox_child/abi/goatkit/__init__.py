"""The second contract, GoatKit: a registration, and functions called by name with JSON.

::

    examine    whether and how a module's structure fits
    functions  ``gk.host_call`` and ``gk.log``
    plugin     the guest calls: ``gk_register`` and ``gk_call``
"""
