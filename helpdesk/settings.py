"""Settings. (Bodies follow; the signatures stand.)"""

from dataclasses import dataclass

from helpdesk.actors import Actor


@dataclass(frozen=True, slots=True)
class SettingValues:
    site_name: str = "Open Help Desk"
    site_url: str = "http://127.0.0.1:8000"  # no slash at the end
    reopen_window_days: int = 7
    session_days: int = 14
    plugin_error_threshold: int = 50  # per cent


class Settings:
    async def all(self) -> SettingValues: ...
    async def update(self, actor: Actor, **changes: str | int) -> SettingValues: ...  # admin
