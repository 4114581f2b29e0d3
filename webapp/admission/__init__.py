"""Admission: whose request is worked on next, so that nobody who asks for much slows down others.

::

    exchanges  one request on its way to the app: a person's first, strangers' a few at a time
    gate       places for work that go round fairly between those who wait
    known      credentials that were good a moment ago, by which a person is told from a stranger

Nothing here decides what anybody may do: that is the guard's.
"""
