"""Checks that know no page and no person.

::

    headers   security headers, above all the Content-Security-Policy
    origin    where a request says it comes from and goes to; pure
    throttle  slows down guessing
"""
