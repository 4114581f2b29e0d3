"""A registration in the plugin's own words: what was taken of it, for JSON output.

Keys are those of the contract, so that authors find again what they wrote; what was left out is
among the warnings.
"""

from dataclasses import asdict
from typing import Any

from supervisor.registration.model import Registration
from supervisor.registration.routes import RouteAccess
from supervisor.registration.widgets import MenuItem


def document(registration: Registration) -> dict[str, Any]:
    """Return what was taken, as JSON has it; empty fields are there too."""
    resources = registration.resources
    texts = registration.translations
    return {
        "id": registration.id,
        "name": registration.declared_name,
        **{
            key: getattr(registration, key)
            for key in ("version", "description", "author", "license", "homepage")
        },
        "min_host_version": registration.min_host_version,
        "routes": [
            {
                "method": route.method,
                "path": route.path,
                "handler": route.handler,
                "middleware": _middleware(route.access),
                "description": route.description,
            }
            for route in registration.routes
        ],
        "menu_items": [_menu_item(item) for item in registration.menu_items],
        "widgets": [
            {("refresh_sec" if key == "refresh_s" else key): value for key, value in each.items()}
            for each in map(asdict, registration.widgets)
        ],
        "jobs": [
            {
                "id": job.id,
                "handler": job.handler,
                "schedule": job.schedule.text,
                "description": job.description,
                "enabled": job.enabled,
                "timeout": f"{job.timeout_s:g}s",
            }
            for job in registration.jobs
        ],
        "i18n": {
            "namespace": texts.namespace,
            "languages": list(texts.languages),
            "translations": {tag: dict(found) for tag, found in texts.texts.items()},
        },
        "error_codes": [asdict(code) for code in registration.error_codes],
        "resources": {
            "memory_mb": _whole(resources.memory_bytes, 1024 * 1024),
            "call_timeout": _duration(resources.call_timeout_s),
            "init_timeout": _duration(resources.init_timeout_s),
            "shutdown_timeout": _duration(resources.shutdown_timeout_s),
            "max_file_storage_bytes": resources.file_storage_bytes,
            "permissions": [
                {"type": wish.kind, "access": wish.access, "scope": list(wish.scope)}
                for wish in resources.permissions
            ],
        },
        "hide_menu_items": list(registration.hide_menu_items),
        "landing_page": registration.landing_page,
        "groups": [asdict(group) for group in registration.groups],
        "custom_fields": [asdict(wish) for wish in registration.custom_fields],
        "events": list(registration.events),
        "config_schema": {
            name: asdict(setting) for name, setting in registration.config_schema.items()
        },
        "dependencies": list(registration.dependencies),
    }


def _middleware(access: RouteAccess) -> list[str]:
    words = {"auth": access.login, "admin": access.admin, "webhook": access.webhook}
    return [*(word for word, there in words.items() if there), *access.groups]


def _menu_item(item: MenuItem) -> dict[str, Any]:
    return asdict(item) | {"children": [_menu_item(child) for child in item.children]}


def _whole(size: int | None, unit: int) -> int | None:
    return None if size is None else size // unit


def _duration(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds:g}s"
