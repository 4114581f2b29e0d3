"""Entries of plugins in the navigation: below which others, and how many."""

from supervisor.delivery.offers import MenuEntry
from webapp.http.plugin_menu import MOST, ROOM, arrange


def entry(name: str, parent: str = "", path: str | None = None, *below: MenuEntry) -> MenuEntry:
    return MenuEntry(
        "goatkit.a", name, name, f"/{name}" if path is None else path, parent, 0, below
    )


def names(entries: object) -> list[object]:
    return [
        (one.id, names(one.children)) if one.children else one.id
        for one in entries  # type: ignore[attr-defined]
    ]


def test_an_entry_stands_below_the_one_that_it_names() -> None:
    menu = arrange([entry("child", parent="top"), entry("top"), entry("other")])
    assert names(menu.shown) == [("top", ["child"]), "other"]


def test_a_parent_that_is_not_there_keeps_nobody_away() -> None:
    assert names(arrange([entry("lost", parent="none")]).shown) == ["lost"]


def test_an_entry_that_leads_nowhere_and_holds_none_is_left_out() -> None:
    menu = arrange([entry("empty", path=""), entry("holds", "", "", entry("below"))])
    assert names(menu.shown) == [("holds", ["below"])]


def test_what_is_deeper_than_two_levels_stands_with_the_second() -> None:
    deep = entry("a", "", None, entry("b", "", None, entry("c")))
    assert names(arrange([deep]).shown) == [("a", ["b", "c"])]


def test_what_has_no_room_is_below_more_and_all_is_bounded() -> None:
    some = arrange([entry(f"e{n}") for n in range(ROOM)])
    assert (len(some.shown), len(some.more)) == (ROOM, 0)
    many = arrange([entry(f"e{n}") for n in range(500)])
    assert len(many.shown) == ROOM - 1
    assert len(many.shown) + len(many.more) == MOST
    wide = arrange([entry("top", "", None, *(entry(f"c{n}") for n in range(500)))])
    assert len(wide.shown[0].children) == MOST - 1
