"""Checks that know no page and no person.

::

    plugin_frames
              headers of a plugin's document, which has no origin
    headers   security headers, above all the Content-Security-Policy
    origin    where a request says it comes from and goes to; pure
    throttle  slows down guessing
"""
