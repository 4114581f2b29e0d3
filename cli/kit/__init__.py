"""The author's kit: from an idea to a running plugin.

::

    test     ``ohd plugin test``
    update   ``--update``: writes results into a case's expectations
    report   prints a case that failed
    compare  expectations beside results
    function_runs
             the cases of a GoatKit plugin, run on a disposable help desk
    tried    one case, run in a real child
    schema   ``ohd schema``
    stubs    egress answered from a case
    function_cases
             reads and checks the cases of a GoatKit plugin
    cases    reads and checks cases
    function_shape
             a GoatKit plugin's case as types
    shape    a case as types
    dev      ``ohd plugin dev``: builds, reloads, and tails the log
    run      ``ohd plugin run``
    replay   ``ohd plugin run --delivery``
    init     ``ohd plugin init``: a new project from a template
    pack     ``ohd plugin pack``: a GoatKit package of a folder
    keygen   ``ohd plugin keygen``: a key to sign plugins with
    loading  puts a module into a running help desk
    watch    waits for changes in a folder
    project  a plugin's folder: module, build, cases
    faults   the type checker's complaints as sentences with a line
    junit    results for a build server
"""
