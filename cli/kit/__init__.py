"""The author's kit: from an idea to a running plugin.

Layers, lower ones know nothing of higher ones::

    test         ``ohd plugin test``: its options, and what it prints
    dev          ``ohd plugin dev``: builds, reloads, and tails the log
    replay       ``ohd plugin run --delivery``
    init         ``ohd plugin init``: writes a new project from a template
    tried        one case, tried in a real child
    junit        the results for a build server
    update       writes what happened into a case's expectations
    compare      what was expected beside what happened
    stubs        the way out to the network, answered from a case
    cases        reads a case and checks it
    shape        what a case may say, as types
    project      a plugin's folder: its module, its build, its cases
    document     a YAML or JSON file that knows the line of everything in it
    errors       what an author is told
"""
