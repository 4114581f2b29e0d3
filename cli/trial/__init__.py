"""Guest calls without a server: a module, an event, a real child.

::

    call           ``ohd plugin call``: a GoatKit function
    function_call  one call of a GoatKit function on a disposable help desk
    workbench      a compiled module and a fork server
    module         ``ohd plugin inspect`` and ``embed``
    desk           a disposable help desk, for GoatKit plugins
    code_cache     compiled code, kept between commands
    payload        an event and a configuration
    guest_call     one guest call in a real child, and its result
    manifest_file  a project's manifest, its faults with their line
    document       a YAML or JSON file that knows its lines
    errors         messages for plugin authors
"""
