"""One HTTP exchange, whatever the route: admitted, read within bounds, answered, or failed.

::

    failures       every error as a page or as JSON
    guard          the one place that every request passes: host, login, role, forgery, headers
    unsent         what was written into a form that was not taken
    page           a template for the current visitor, as a response
    plugin_menu    entries of plugins in the navigation; pure
    event_streams  what all server-sent event streams share
    requests       request bodies within bounds
    form_bodies    fields and files of form bodies, within bounds
    forms          fields of a form
    uploads        the file of a plugin upload
    preconditions  entity tags, and If-Match
    jsonio         JSON in and out
    redirects      303 See Other
    connection     one exchange to its proper end
    streamed       a file taken in pieces as it arrives
"""
