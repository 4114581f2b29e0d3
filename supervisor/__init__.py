"""The supervisor: runs every enabled plugin in a process of its own and believes none of them.

Layers, lower ones know nothing of higher ones::

    service      what the web app and the command line call
                 (administration: what changes something; observation: what only looks; parts: all
                 that follows, made and joined)
    watching     what admins look at: processes, figures over time, deliveries, log lines
                 (sampling: looks and remembers; delivery_log: deliveries, and making them again)
    installs     installations that were begun, and how far each is (fetch: a module from a URL)
    installing   a module is checked, compiled, and put beside what is there
    versions     one version takes another's place, and back (comparison: two side by side)
    changes      enable, configure, narrow, limit, restart, uninstall
    changing     what all of these need: one at a time, each to its end
    runners      which plugins run; switches off what cannot go on
    installed    rows, configurations, versions and locks of the installed plugins
    overrides    the limits that an admin may set for one plugin, and their bounds
    permissions  what a plugin asks to be allowed, in plain words
    delivery     outbox -> one plugin, in order; the delivery log; recovery after a crash
                 (runner: its children; workload: what they do; feed: its place in the outbox;
                 again: what admins want delivered once more; panels: who waits for one)
    vitals       whether all of this can work just now, and the figures for a monitor
    rotation     another key for the plugins' secrets
    retention    deletes records that are old
    history      minutes of one plugin, and points of a chart; durations: buckets and quantiles
    processes    what the operating system says of children
    process      one child: its state, its frames, its deadline
    hostcalls    what a guest may ask for, each with its permission check (callers: who asks)
    ledger       what is kept of each request that a plugin made or was refused
    egress       the only way out to the network
    forkserver   makes children, and replaces the process that makes them
    audited      what the audit log is told of changes
    store        rows and files of installed plugins
    ports, views what the supervisor needs from the help desk, and what it shows of itself

No guest byte is compiled, parsed as WebAssembly beyond the custom section, or run in this process.
"""
