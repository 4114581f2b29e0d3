"""Small pictures of strangers' files, made in locked-down processes and never in this one.

::

    maker    a process for each picture, a few at a time, killed at the deadline
    errors   why there is none

A small picture is passed on unread; that it says it is WebP, and its size, are all that is checked.
"""
