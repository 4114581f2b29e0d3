"""Installed plugins: the registry, module files and compiled code, limits.

::

    start_trial   starts a module once before it is installed
    compiler      compiles a module in a child that is discarded
    signatures    whose signature a module bears
    module_files  which module files are still needed
    artifacts     module files and compiled code, by content hash
    registry      the installed plugins in memory: row, configuration, versions, lock
    limits        limits that an admin may set for one plugin, and the active ones
    audit         the audit log's entries for plugins
"""
