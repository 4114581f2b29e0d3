"""Plugins' secrets: encrypted at rest, and removed from everything that is written down.

::

    redaction  removes secrets from texts; the one place that does
    forms      the encodings in which a secret may appear; pure
    box        encryption at rest with a ring of keys
"""
