"""Host calls of a guest to the supervisor, and the record of each.

::

    host_calls      the table of host calls, each with its permission check
    host_functions  what GoatKit guests call by name, each with its permission check
    desk_functions  articles, statuses, custom fields and mail, for the person that a call is for
    record_functions
                    records that plugins keep, and changes of tickets together with them
    kept_functions  secrets and files that plugins keep
    published       events that plugins publish, passed on to open pages
    field_values    custom fields of plugins as text, changed and searched; pure
    several_changes
                    changes of a plugin's own database that are made together
    named_call      one such call while it is answered
    queries         the query processes of plugins, those of their jobs apart
    shown_calls     what of a named call is kept in the delivery log
    plugin_cache    what one plugin keeps in memory; bounded
    behalf          for whom a function is called
    chains          the budget of one event and of what plugins do because of it
    ledger          the egress log's record of one request, without secrets
    caller          the plugin and the guest call behind a host call
    bound_secrets   secrets that a plugin may use and never sees
    shapes          arguments of host calls as types, and their published schemas
"""
