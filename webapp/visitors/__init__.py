"""Visitors: the person behind a cookie or an API key.

::

    logins    logs people in, throttled
    letters   how often a visitor may have a letter sent
    browsers  what a browser says it is
    plugin_tokens
              tokens that are good for one plugin's routes
    languages  the languages that the visitor reads
    origin    where a request comes from, for the audit log
    sessions  finds the visitor; owns the cookies
"""
