"""Mail of strangers, read in locked-down processes and never in this one.

::

    reader   a few mail processes, and whoever waits for one
    process  one mail process: asked one message at a time, killed at the deadline
    errors   why a message was not read

What a process says is bounded and its shape is checked; the document is passed on unread,
to whoever has its schema.
"""
