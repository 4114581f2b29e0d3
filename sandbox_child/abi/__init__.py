"""What a guest imports from the host and exports to it.

``examine`` decides, from a module's structure alone, whether and how it can be run; the other
modules do it. A second ABI would stand beside ``ohd`` as a package of its own with the same two
halves, and share everything that is not a contract: WASI, allocators, the engine.
"""
