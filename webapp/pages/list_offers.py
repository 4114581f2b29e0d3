"""Options of the filters above the ticket list; people and groups are only for staff."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from helpdesk.actors import Actor, Role
from helpdesk.catalogue import CategoryNode
from helpdesk.groups import Group
from helpdesk.statuses import Status
from helpdesk.tickets.filter_values import OPEN
from helpdesk.tickets.model import Priority, Tag
from helpdesk.users import User
from webapp.context import app_context
from webapp.pages.choices import categories
from webapp.pages.choices import groups as groups_to_assign
from webapp.pages.choices import people as people_to_assign
from webapp.pages.options import Choice, Options, options_of


@dataclass(frozen=True, slots=True)
class Offers:
    """What the filters offer."""

    statuses: Sequence[Status]
    categories: Options
    types: Options
    items: Options
    users: Options
    groups: Options
    tags: Sequence[Tag]
    field_keys: Sequence[str]
    assignable_users: Options
    """As the form has them that changes many tickets, as the next."""
    assignable_groups: Options

    def by_name(self) -> Mapping[str, Iterator[tuple[str, str]]]:
        """Return value and label of what the filters offer by a name."""
        return {
            "status": iter([(OPEN, OPEN), *((one.name, one.name) for one in self.statuses)]),
            "priority": ((priority.value, priority.value) for priority in Priority),
            "category": _labelled(self.categories),
            "type": _labelled(self.types),
            "item": _labelled(self.items),
            "group": _labelled(self.groups),
            "tag": ((tag.name, tag.name) for tag in self.tags),
        }


async def read_offers(actor: Actor) -> Offers:
    """Read what the filters offer the visitor."""
    desk, is_staff = app_context().helpdesk, actor.role != Role.USER
    tree = await desk.catalogue.tree()
    users = await desk.users.assignable(actor) if is_staff else ()
    groups = await desk.groups.all(actor) if is_staff else ()
    return Offers(
        statuses=await desk.statuses.all(),
        categories=options_of(tree, categories),
        types=options_of(tree, _types),
        items=options_of(tree, _items),
        users=options_of(users, _users),
        groups=options_of(groups, _groups),
        tags=await desk.tickets.tags(actor) if is_staff else (),
        field_keys=await desk.tickets.field_keys(actor) if is_staff else (),
        assignable_users=people_to_assign(users),
        assignable_groups=groups_to_assign(groups),
    )


def _labelled(options: Options) -> Iterator[tuple[str, str]]:
    return ((choice.value, choice.label) for choice in options.choices)


def _types(tree: Sequence[CategoryNode]) -> Iterator[Choice]:
    return (
        Choice(kind.id, kind.name, category.id, category.name)
        for category in tree
        for kind in category.types
    )


def _items(tree: Sequence[CategoryNode]) -> Iterator[Choice]:
    return (
        Choice(item.id, item.name, kind.id, f"{category.name} / {kind.name}")
        for category in tree
        for kind in category.types
        for item in kind.items
    )


def _users(users: Sequence[User]) -> Iterator[Choice]:
    return (Choice(user.id, user.name) for user in users)


def _groups(groups: Sequence[Group]) -> Iterator[Choice]:
    return (Choice(group.id, group.name) for group in groups)
