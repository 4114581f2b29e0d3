"""``fill.py TICKETS REPLIES``: make the database and print, as JSON, what a reader of pages needs.

That is a cookie of somebody on the staff, the newest ticket's path, and the paths of a list: the
page, and the second request that fills it. The texts are as long as those of the help desk that it
is compared with.
"""

import json
import os
import random
import re
import sys
from urllib.parse import urlencode

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402
from helpdesk.models import FollowUp, Queue, Ticket  # noqa: E402

_ASKED = {
    "start": 0,
    "length": 25,
    "draw": 1,
    "order[0][column]": 0,
    "order[0][dir]": "asc",
    "search[value]": "",
}
"""What its page asks for: 25 tickets, by their number."""


def main(tickets: int, replies: int) -> None:
    """Fill it, and say where to look."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    dice, users = random.Random(1), get_user_model()
    staff = users.objects.create_superuser("staff", "staff@example.com")
    queue = Queue.objects.create(title="Support", slug="support")
    now = timezone.now()

    def text(words: int) -> str:
        return " ".join(f"word{dice.randrange(20_000)}" for _ in range(words))

    made = Ticket.objects.bulk_create(
        Ticket(
            title=text(6),
            queue=queue,
            created=now,
            submitter_email="person@example.com",
            assigned_to=staff,
            description=text(50),
            status=Ticket.OPEN_STATUS,
            priority=3,
        )
        for _ in range(tickets)
    )
    FollowUp.objects.bulk_create(
        FollowUp(
            ticket=made[number * tickets // replies],
            date=now,
            title="Comment",
            comment=text(35),
            public=True,
            user=staff,
        )
        for number in range(replies)
    )
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(staff)
    shell = client.get("/tickets/").content.decode()
    query = re.search(r"/datatables_ticket_list/([\w+/=%]+)", shell)
    assert query is not None, "the list names no second request"
    found = {
        "cookie": f"sessionid={client.cookies['sessionid'].value}",
        "ticket": f"/tickets/{made[-1].pk}/",
        "list": ["/tickets/", f"/datatables_ticket_list/{query[1]}?{urlencode(_ASKED)}"],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
