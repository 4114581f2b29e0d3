"""The web app: pages and the JSON API, in the supervisor's process and processes beside it.

Imports ``helpdesk`` (the domain) and ``supervisor`` (its views and errors). Rooms and modules,
highest first; each imports only from its own row and the rows below::

    page_process
                 the pages that a process beside the supervisor's serves
    server       the app served over HTTP: listens, and stops in bounded time
    app          the web app put together
    api          the JSON API
    pages        the pages that people see
    monitoring   health and metrics, for monitors
    http         one HTTP exchange: the guard, bodies, forms, streams, failures, a page
    visitors     who visits: sessions, cookies, logging in
    context      what the handlers share
    processes    processes that serve pages, and how connections change hands
    lobby        connections that have been accepted and not been begun with
    connections  TCP connections, bounded
    http1        HTTP/1.1 as it is spoken here
    admission    whose request is worked on next: people, then strangers by address
    plugin_documents
                 HTML of plugins, kept until its frame asks for it
    live         open pages and the changes they receive
    rendering    how things look: templates, Markdown, charts, tables, static files
    security     host and origin, throttle, security headers
    turns        each person's costly requests, one after another
    routes       what a route says about itself: whom it is for, its body, how it fails
    config       settings
    errors       every error that the web app raises on purpose

``static/`` and ``templates/`` hold what browsers get; the colours of statuses are in
``static/app.css``.
"""
