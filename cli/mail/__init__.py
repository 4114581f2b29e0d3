"""``ohd mail``: mail that a mail server hands over.

::

    receive   ``ohd mail receive``: takes one message on standard input
"""
