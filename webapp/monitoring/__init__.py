"""For monitors, not for people.

::

    metrics     ``GET /metrics``
    exposition  the supervisor's figures as Prometheus metrics
    traffic     counts of requests
    health      ``GET /healthz`` and ``GET /readyz``
"""
