"""Everything that the supervisor keeps: the only room with SQL.

``PluginStore`` is its door. Below it there is a module per kind of row, whose functions each run
inside a database job.

::

    plugin_store  ``PluginStore``: the parts below
    installed     for whoever changes plugins
    running       for whoever runs them
    recorded      for whoever writes down and reads what they did
    jobs          when jobs were last due, and how their last run went
    plugin_data   files and secrets that plugins keep
    plugin_records
                  records that plugins keep, written with a change of a ticket if they like
    places        which plugins run, and each one's place in the outbox
    records       writes deliveries, log lines and requests in batches
    plugin_log    the row of a log line; the newest, and those of a delivery
    deliveries    the row of a delivery; pages by filter, one in full
    ledger        the row of a request; pages of the egress log
    redeliveries  events to deliver once more
    history       what plugins did and used, by minute
    versions      versions beside the installed one
    plugins       installed plugins
    modules       what every version of a plugin has in common
    configs       configuration values, secrets sealed
    sealed        every sealed secret, wherever it is kept
    sql           reading and writing rows by the names of their columns
    migrations    the tables, in ordered steps
"""
