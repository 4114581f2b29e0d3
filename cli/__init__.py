"""The ``ohd`` command, and the composition root: the one place that knows every part.

::

    main        the command and its groups
    serve       ``ohd serve``
    operator    what signals ask of a running server
    notify      what the service manager is told
    reload      config.toml, read again while the server runs
    retention   deletes what is older than the settings keep
    plugins     ``ohd plugin install`` and its siblings, which need a server or a data directory
    limits      ``ohd plugin limits``
    module      ``ohd plugin inspect`` and ``embed``, which need only a file
    kit         the author's kit: ``ohd plugin init``, ``test`` and ``dev``
    trial       ``ohd plugin run``: its options and its output; payload: its input
    bench       a compiled module and a fork server, without a server; kept: its compiled code
    one_event   one guest call in a real child, and what came of it
    schema      ``ohd schema``: the JSON Schemas
    values      ``KEY=VALUE`` options
    people      ``ohd user`` and ``ohd apikey``
    key         ``ohd key rotate``
    backup      ``ohd backup``; restore: ``ohd restore``; archive: the form of a backup
    doctor      ``ohd doctor``; checkup: the machine and the data; caged: the sandbox
    control     the socket by which the command line speaks with a running server
    tables      tables for terminals and pipes
    compose     wires the help desk and the supervisor together
    config      config.toml
"""
