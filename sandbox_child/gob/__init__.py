"""Gob: how Go programs write values into a stream. Pure: no I/O.

::

    encoder    our values of known types, as messages
    decoder    a peer's messages, by the types that it described, as plain values
    described  types that a peer described, and what it may describe
    cursor     the numbers and strings that everything is made of
    types      the types that we send, and the numbers of the built-in ones
    errors     what is wrong with a peer's bytes

A message is a length and its content; the content is the number of a type and then a value, or the
negative number of a type and then its description. Source: the documentation of Go's encoding/gob.
"""
