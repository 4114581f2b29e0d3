"""Imports and exports of guests: two contracts, and what they share.

::

    contracts     tells the contracts apart, by a module's exports
    ohd, goatkit  the contracts, one package each of one shape; neither knows of the other
    instance      one running module: start, failures, the runtime imports of its compiler
    javascript, toolchains, wasi
                  what compilers' runtimes import
    structure     checks of a module's structure
    allocator     memory that the host writes into
    host          what leaves the child, and copies in and out of the guest
    signatures    the types of what runtimes import
    errors        why a module is refused
"""
