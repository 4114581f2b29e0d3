"""The web app: pages and the JSON API, in the supervisor's process.

Imports ``helpdesk`` (the domain) and ``supervisor`` (its views and errors). The layers, lowest
first; each imports only from above::

    config errors ports               settings, errors, what is needed of the supervisor
    security/                         host and origin, throttle, headers (pure)
    live                              who is told of what changes
    assets spoken                     static files, figures in words
    template_cache templating         templates, compiled once
    charts process_table watch        plugins' figures, drawn and as a table, for all who watch
    house                             what the handlers of an app share
    sessions logins                   who visits
    links redirects                   addresses of pages
    turns                             each person's costly requests one after another
    rendering/formatting_*            Markdown as safe HTML, in processes that can be ended
    rendering                         a page for a visitor
    jsonio forms uploads requests     bodies, bounded
    whereabouts spreadsheets          where a request comes from; CSV that is safe to open
    traffic exposition metrics        figures for a monitor
    streams                           server-sent events, and when they end
    connection                        one HTTP exchange to its proper end
    guard                             the one place that every request passes
    failures                          every error as a page or as JSON
    pages/ api/                       the routes
    app server                        put together, and served
"""
