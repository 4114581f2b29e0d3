"""What a guest imports from the host and exports to it: two contracts, and what they share.

::

    ohd, goatkit  the contracts, one package each of one shape; neither knows of the other
    contracts     tells them apart, by a module's exports
    instance      one running module: start, failures, the runtime imports of its compiler
    structure     checks of a module's structure
    errors        why a module is refused
    allocator     memory that the host writes into
    wasi, toolchains, javascript
                  what compilers' runtimes import
    signatures    the types of those imports
    host          the way out of the child, and copies in and out of the guest
"""
