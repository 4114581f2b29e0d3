"""The facade. (Bodies follow; the signatures stand.)

    async with HelpDesk.open(path, migrations=[...], clock=..., defaults=SettingValues(...)) as helpdesk:
        helpdesk.tickets, .users, .groups, .catalogue, .statuses, .sessions, .api_keys,
        helpdesk.notifications, .settings, .outbox, .database, .clock
"""
