"""The supervisor: runs every enabled plugin in a process of its own and trusts none of them.

Rooms and modules, highest first; each imports only from its own row and the rows below::

    service         the front door: what the web app and the command line call
    assembly        the parts of one supervisor, made and joined
    config          settings, as config.toml gives them
    administration  what admins change: install, configure, permit, switch, upgrade, uninstall
    watching        what admins and monitors look at: overview, deliveries, logs, health, history
    sandbox_check   proof of the lockdown: attacks it on this machine
    delivery        outbox to plugin: runners, the place in the outbox, retries, panels, the journal
    plugins         what is installed: registry, modules, compiled code, limits, audit entries
    native          native plugins: a program in a wider cage, and the bridge that speaks to it
    calls           what a guest may ask for: host calls, permissions, bound secrets, egress records
    mail            mail of strangers, read in processes of their own
    pictures        small pictures of strangers' files, made in processes of their own
    query           a plugin's SQL, run in a process of its own
    store           SQL: rows of plugins, versions, deliveries, logs, history
    contracts       what a plugin of each contract says about itself, in shared terms
    registration    what a GoatKit plugin registers, and what it is granted
    manifest        a plugin's manifest and its configuration
    process         operating-system processes: fork server, a child, its deadline, its lockdown
    egress          the only way out to the network
    secrets         encryption at rest, and redaction
    views           frozen snapshots of all this for pages, the API and the command line
    ports           what the supervisor needs from the help desk
    errors          every error that a caller may see
    limits          the limits of one plugin, with their defaults
    states          every state that is stored or shown
    text            text from plugins made safe to show; timestamps

No guest byte is compiled, parsed as WebAssembly beyond the custom section, or run in this process.
"""
