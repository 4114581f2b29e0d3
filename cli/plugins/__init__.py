"""``ohd plugin`` for operators: against a running server, else against its data directory.

::

    activity    ``ps`` and ``logs``
    deliveries  ``deliveries``, ``delivery`` and ``redeliver``
    limits      ``limits``
    box         ``box``
    jobs        ``jobs``
    grants      ``grant`` and ``revoke``
    versions    ``install``, ``upgrade``, ``rollback``, ``permissions``
    switching   ``list``, ``enable``, ``disable`` and their siblings; finds the server or the data
"""
