"""From the outbox to one plugin, in order, at least once; and the record of how it went.

::

    jobs             functions that run by a cron line
    functions        functions of GoatKit plugins, as routes, widgets and neighbours call them
    shown            what pages show of the plugins, read by a process that runs none
    offers           widgets and entries of the navigation that GoatKit plugins have
    webhooks         requests of other systems, each with a signature of its body
    ticket_panels    the panels that a ticket page shows
    runners          every enabled plugin's runner; disables a plugin that keeps failing
    runner           one enabled plugin: one child after another
    job_process      jobs, each run in a process of its own
    children         a plugin's process, or its two: started, begun and finished alike
    workload         what one child does: events and panels in, results out
    recorder         what a child reports, as rows, counts and log lines: redacted and bounded
    feed             one plugin's place in the outbox: next, again, claimed
    redelivery       events that admins want delivered once more
    panels           requests for one plugin's panel, who waits for them, which URLs it may have
    journal          writes results, log lines and requests in batches
    write_quota      what one plugin may make the server write within a minute; pure
    error_threshold  the rule that disables a plugin that fails too often; pure
    restart_backoff  when a child is restarted after a crash, and when no more; pure
    tally            counts of one plugin's deliveries since the server started
    durations        durations in buckets, and their quantiles; pure
    work             one guest call, and what the runner remembers of it
    function_calls   calls of functions that somebody waits for
    call_arguments   what of a call's arguments is kept in the delivery log; pure
    call_backoff     when a call that keeps ending the process is not made; pure
"""
