"""A plugin's SQL: run in a process of its own, never in this one.

::

    files     where the databases of plugins lie
    process   one plugin's query process: started at need, killed at the deadline
    errors    why a statement was not carried out
    question  whom a statement is for, and what it may cost
    zones     the files of time zones
"""

from sandbox_child.wire.queries import TABLES, Change
from supervisor.query.errors import QueryRefused, RefusedBecause
from supervisor.query.process import QueryProcess
from supervisor.query.question import Audience, QueryFiles, QueryLimits, granted

__all__ = [
    "TABLES",
    "Audience",
    "Change",
    "QueryFiles",
    "QueryLimits",
    "QueryProcess",
    "QueryRefused",
    "RefusedBecause",
    "granted",
]
