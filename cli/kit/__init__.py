"""The author's kit: from an idea to a running plugin.

Layers, lower ones know nothing of higher ones::

    test           ``ohd plugin test``: its options, and what it prints
    dev            ``ohd plugin dev``: builds, reloads, and tails the log
    replay         ``ohd plugin run --delivery``
    init           ``ohd plugin init``: writes a new project from a template
    report         what is printed of a case that failed
    junit          the results for a build server
    update         writes what happened into a case's expectations
    compare        what was expected beside what happened
    tried          one case, tried in a real child
    stubs          the way out to the network, answered from a case
    cases          reads a case and checks it
    shape          what a case may say, as types
    loading        puts a module into a running help desk
    watch          waits for changes in a folder
    project        a plugin's folder: its module, its build, its cases
    manifest_file  a project's manifest, its faults with their lines
    faults         what the type checker says of a document, as a sentence with a line
    document       a YAML or JSON file that knows the line of everything in it
    errors         what an author is told
"""
