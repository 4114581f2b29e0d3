"""Visitors: the person behind a cookie or an API key.

::

    logins    logs people in, throttled
    origin    where a request comes from, for the audit log
    sessions  finds the visitor; owns the cookies
"""
