"""The second contract, GoatKit: a registration, and functions called by name with JSON.

::

    plugin      the guest calls: ``gk_register`` and ``gk_call``
    functions   ``gk.host_call`` and ``gk.log``
    examine     whether and how a module's structure fits
    signatures  the types of its imports and exports
"""
