"""The JSON API under ``/api``: one module a resource, bodies and shapes beside them.

Errors are ``{"error": "…"}``; lists are ``{"data", "page", "per_page", "total", "total_pages"}``.
"""
