"""The people, groups, catalogue and tickets of the demo. Data only."""

from dataclasses import dataclass
from typing import Literal

from helpdesk.actors import Role
from helpdesk.tickets.model import Priority

PASSWORD = "demo"  # noqa: S105 - printed at start, and only ever served on loopback

ADMIN = "admin@example.com"
STAFF = "staff@example.com"
USER = "user@example.com"
PRIYA = "priya@example.com"
TOMAS = "tomas@example.com"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """An account of the demo."""

    email: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Move:
    """Something that happened on a ticket."""

    hours_ago: float
    by: str
    what: Literal["reply", "note", "assign", "assign group", "status", "resolve", "close", "reopen"]
    text: str = ""
    """What was said, or the email, group or status that it is about."""


@dataclass(frozen=True, slots=True)
class DemoTicket:
    """A ticket and its story."""

    hours_ago: float
    by: str
    subject: str
    description: str
    priority: Priority
    place: tuple[str | None, str | None, str | None]
    moves: tuple[Move, ...] = ()


PEOPLE = (
    DemoPerson(ADMIN, "Alex Admin", Role.ADMIN),
    DemoPerson(STAFF, "Sasha Staff", Role.STAFF),
    DemoPerson(USER, "Uma User", Role.USER),
    DemoPerson(PRIYA, "Priya Raman", Role.STAFF),
    DemoPerson(TOMAS, "Tomás Oliveira", Role.USER),
)

STATUSES = ("In Progress", "Waiting")

CATALOGUE: dict[str, dict[str, tuple[str, ...]]] = {
    "Hardware": {
        "Laptop": ("Battery", "Keyboard", "Screen"),
        "Monitor": ("Cable", "Stand"),
        "Printer": ("Paper jam", "Toner"),
    },
    "Software": {
        "Email": ("Calendar", "Subscription"),
        "Office": ("Spreadsheet", "Word processor"),
        "Operating system": ("Update",),
    },
    "Network": {"VPN": (), "Wi-Fi": ()},
    "Accounts": {"Access": (), "Password": ()},
}

GROUPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Service Desk": ((STAFF, PRIYA), ("Hardware", "Accounts")),
    "Workplace Software": ((STAFF,), ("Software",)),
    "Network Operations": ((STAFF, PRIYA), ("Network",)),
}
"""Name to members and owned categories."""

TICKETS = (
    DemoTicket(
        300,
        USER,
        "Toner is empty on the second-floor printer",
        "The printer beside the kitchen prints pale grey. A new black cartridge, please.",
        Priority.LOW,
        ("Hardware", "Printer", "Toner"),
        (
            Move(298, STAFF, "assign", STAFF),
            Move(280, STAFF, "reply", "A cartridge is on its way; I will put it in tomorrow."),
            Move(256, STAFF, "resolve", "Replaced the black cartridge and printed a test page."),
            Move(80, STAFF, "close"),
        ),
    ),
    DemoTicket(
        220,
        TOMAS,
        "Please add me to the finance shared folder",
        "I have moved to the finance team and need to read and write in `finance/2026`.",
        Priority.MEDIUM,
        ("Accounts", "Access", None),
        (
            Move(219, PRIYA, "assign", PRIYA),
            Move(218, PRIYA, "note", "Asked the folder's owner; she agrees."),
            Move(216, PRIYA, "resolve", "Added to the group *finance-rw*. Log in again to see it."),
            Move(214, PRIYA, "close"),
        ),
    ),
    DemoTicket(
        150,
        USER,
        "Laptop battery lasts forty minutes",
        "It used to last a working day. Since last week it is empty after a single meeting, and "
        "the case gets warm near the hinge.",
        Priority.HIGH,
        ("Hardware", "Laptop", "Battery"),
        (
            Move(149, STAFF, "assign", STAFF),
            Move(148, STAFF, "status", "In Progress"),
            Move(
                147, STAFF, "reply", "Could you run the built-in battery report and paste it here?"
            ),
            Move(
                140,
                USER,
                "reply",
                "Here it is:\n\n"
                "```\ndesign capacity   57,000 mWh\nfull charge       11,900 mWh\n```",
            ),
            Move(139, STAFF, "note", "21% of its design capacity: covered by the warranty."),
            Move(138, STAFF, "reply", "That battery is worn out. I have ordered a new one."),
            Move(137, STAFF, "status", "Waiting"),
        ),
    ),
    DemoTicket(
        120,
        TOMAS,
        "VPN drops every ten minutes from home",
        "It connects, works for about ten minutes, then every transfer stalls until I connect "
        "again. The home connection itself is fine.",
        Priority.HIGH,
        ("Network", "VPN", None),
        (
            Move(119, PRIYA, "assign group", "Network Operations"),
            Move(118, PRIYA, "assign", PRIYA),
            Move(117, PRIYA, "status", "In Progress"),
            Move(116, PRIYA, "note", "The gateway logs a rekey failure at 600 s for this client."),
            Move(
                100, PRIYA, "resolve", "Raised the rekey interval and updated the client profile."
            ),
            Move(90, TOMAS, "reopen", "Still drops, though only every half hour now."),
            Move(89, PRIYA, "status", "In Progress"),
        ),
    ),
    DemoTicket(
        96,
        USER,
        "Calendar shows meetings one hour late",
        "All meetings that our partners in Lisbon send appear an hour late. My own are right.",
        Priority.MEDIUM,
        ("Software", "Email", "Calendar"),
        (
            Move(95, STAFF, "assign", STAFF),
            Move(94, STAFF, "reply", "Which time zone does *Settings → Calendar* show?"),
            Move(93, USER, "reply", "It says UTC+1 without summer time."),
            Move(
                92,
                STAFF,
                "resolve",
                "Set the time zone to the city instead of a fixed offset; the meetings are right.",
            ),
        ),
    ),
    DemoTicket(
        72,
        TOMAS,
        "Second monitor stays black after the weekend",
        "The light on it is orange. The cable sits tight at both ends.",
        Priority.MEDIUM,
        ("Hardware", "Monitor", "Cable"),
        (
            Move(71, PRIYA, "assign group", "Service Desk"),
            Move(70, PRIYA, "reply", "Does it wake up with the other cable from the meeting room?"),
        ),
    ),
    DemoTicket(
        50,
        USER,
        "Cannot install the October update",
        "The update stops at 34% with the error 0x80070070 and rolls back.",
        Priority.MEDIUM,
        ("Software", "Operating system", "Update"),
        (
            Move(49, STAFF, "assign", STAFF),
            Move(48, STAFF, "note", "0x80070070: the disk is full. Look for old update files."),
            Move(47, STAFF, "reply", "The disk is nearly full. May I clear the old update files?"),
            Move(46, STAFF, "status", "Waiting"),
        ),
    ),
    DemoTicket(
        30,
        TOMAS,
        "Spreadsheet macro is blocked",
        "The monthly report's macro no longer runs: “blocked because the source is untrusted”.",
        Priority.LOW,
        ("Software", "Office", "Spreadsheet"),
    ),
    DemoTicket(
        20,
        USER,
        "Keyboard: the E key sticks",
        "vrything I writ looks lik this. I can work with an external keyboard for now.",
        Priority.LOW,
        ("Hardware", "Laptop", "Keyboard"),
        (Move(19, STAFF, "assign group", "Service Desk"),),
    ),
    DemoTicket(
        8,
        TOMAS,
        "Wi-Fi in the large meeting room is unusable",
        "With more than ten people in the room nobody gets through a video call. We have the "
        "board there on **Thursday**.",
        Priority.CRITICAL,
        ("Network", "Wi-Fi", None),
        (
            Move(7.5, PRIYA, "assign", PRIYA),
            Move(7, PRIYA, "status", "In Progress"),
            Move(6, PRIYA, "note", "One access point for the room and the corridor; 43 clients."),
            Move(5, PRIYA, "reply", "I will add a second access point before Thursday."),
        ),
    ),
    DemoTicket(
        3,
        USER,
        "Locked out after changing my password",
        "I changed my password this morning, and now the phone keeps locking my account.",
        Priority.HIGH,
        ("Accounts", "Password", None),
    ),
    DemoTicket(
        1,
        TOMAS,
        "How do I book the podcast room?",
        "I cannot find it in the room list.",
        Priority.LOW,
        (None, None, None),
    ),
)
