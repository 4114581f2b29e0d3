"""The JSON API under ``/api``.

Errors are ``{"error": "…"}``; lists are ``{"data", "page", "per_page", "total", "total_pages"}``.

::

    docs              ``/api/openapi.json``, ``/api/docs`` and ``/api/docs/objects``
    openapi           the OpenAPI document, made from the operations
    login, me, users, groups, organizations, notifications
                      accounts and people
    tickets, replies, links, followers, ratings, files
                      tickets and what hangs on one
    canned_replies, saved_views, catalogue, statuses, settings
                      what tickets are made of, and worked on with
    plugins, plugin_versions, plugin_records, records, schemas
                      plugins, their deliveries, logs and requests; the audit log; JSON Schemas
    operations        every route: address, input, output
    queries           query strings of lists, as types
    bodies            request bodies, as types
    people_shapes     answers about people, as types
    shapes            answers about tickets, as types
    plugin_schemas    the JSON Schemas that are published
"""
