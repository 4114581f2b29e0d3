"""``ohd serve``, and what a server does beside serving.

::

    serve      the web app and the supervisor in one process
    page_process
               a process beside it that serves pages
    interpreter
               threads and garbage collector of both
    signals    what an operator asks by signals
    reload     config.toml, read again
    retention  deletes what is older than the settings keep
    notify     tells the service manager, by sd_notify(3)
"""
