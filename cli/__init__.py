"""The ``ohd`` command, and the composition root: the one place that knows every part.

Rooms and modules, highest first; each imports only from its own row and the rows below::

    main         the command and its groups
    checks       ``ohd doctor`` and ``ohd sandbox check``
    data         people, keys, backup and restore: with or without a running server
    mail         ``ohd mail receive``
    kit          the author's kit: ``ohd plugin init``, ``test``, ``run``, ``dev``; ``ohd schema``
    plugins      ``ohd plugin install`` and its siblings, for operators
    serving      ``ohd serve``, and what the server does beside serving
    trial        guest calls without a server; ``ohd plugin inspect`` and ``embed``
    compose      wires the help desk and the supervisor together
    plugin_desk  what plugins do that know the help desk by integers
    control      the socket by which the command line speaks with a running server
    config       config.toml as the settings of each part
    config_file  config.toml as it is written: every key, its bounds, its default
    values       ``KEY=VALUE`` options
    logs         the server's own log
    tables       tables for terminals and pipes
    errors       what the command says when it cannot go on
"""
