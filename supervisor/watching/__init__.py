"""Monitoring for admins and programs; changes nothing, except that deliveries can be redelivered.

::

    health_checks      whether the supervisor works, and the figures for monitors
    overview           the installed plugins with their processes and figures
    sampling           looks at every plugin now and then, and keeps the figures
    snapshots          rows and runners as the frozen snapshots of ``views``
    history            one plugin's figures by minute; pure
    process_usage      what the operating system reports of plugins' processes
    delivery_log       deliveries: pages, one in full, redelivering
    delivery_document  one delivery as a file, without secrets
    egress_log         the egress log: pages, CSV
    logs               plugins' log lines: pages, and waiting for the next
    retention          deletes old records, a little at a time
"""
