from pathlib import Path

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.errors import Invalid, NotAllowed
from helpdesk.service import HelpDesk
from helpdesk.settings import SettingValues


async def test_defaults_hold_until_something_is_stored(world):
    assert await world.helpdesk.settings.all() == SettingValues()
    changed = await world.helpdesk.settings.update(
        world.admin.actor, reopen_window_days="3", site_name="Help at Example"
    )
    assert changed == SettingValues(reopen_window_days=3, site_name="Help at Example")
    assert await world.helpdesk.settings.all() == changed


async def test_stored_values_win_over_other_defaults_and_outlive_the_process(tmp_path: Path):
    path = tmp_path / "helpdesk.db"
    async with HelpDesk.open(path) as helpdesk:
        await helpdesk.settings.update(SYSTEM, session_days=1)
    defaults = SettingValues(site_url="https://help.example.com", session_days=30)
    async with HelpDesk.open(path, defaults=defaults) as helpdesk:
        values = await helpdesk.settings.all()
    assert (values.site_url, values.session_days) == ("https://help.example.com", 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reopen_window_days": -1}, "reopen_window_days: expected a whole number from 0 to 3650"),
        ({"reopen_window_days": "soon"}, "reopen_window_days: .* found 'soon'"),
        ({"session_days": 0}, "session_days"),
        ({"plugin_error_threshold": 101}, "plugin_error_threshold"),
        ({"plugin_error_threshold": True}, "plugin_error_threshold"),
        ({"site_name": ""}, "site_name"),
        ({"site_url": "help.example.com"}, "site_url: expected an address like https"),
        ({"site_url": "javascript:alert(1)"}, "site_url"),
        ({"site_url": "https://"}, "site_url"),
        ({"site_url": "https://[::1"}, "site_url"),
        ({"site_url": "https://user@example.com"}, "site_url"),
        ({"site_url": "https://example.com/?q"}, "site_url"),
        ({"colour": "red"}, "setting: expected one of the settings' names, found 'colour'"),
    ],
)
async def test_a_wrong_value_is_refused_and_nothing_is_stored(world, change, message: str):
    with pytest.raises(Invalid, match=message):
        await world.helpdesk.settings.update(SYSTEM, **{"site_name": "Changed"} | change)
    assert await world.helpdesk.settings.all() == SettingValues()


async def test_only_admins_change_settings(world):
    for actor in (world.staff.actor, world.user.actor, world.plugin):
        with pytest.raises(NotAllowed):
            await world.helpdesk.settings.update(actor, site_name="Mine")
