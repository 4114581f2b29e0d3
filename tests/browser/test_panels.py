"""Panels: foreign pages in frames, what they may ask, and who is never answered."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.panel_guests import LOOP, TRAP, panel_plugin, panel_site

Open = Callable[..., Any]


@pytest.fixture
def install(desk: Desk) -> Iterator[Callable[..., str]]:
    """Return a function that installs a panel plugin for the length of a test."""
    installed = []

    def add(name: str, address: str, **options: Any) -> str:
        installed.append(desk.install(panel_plugin(name, address, **options)))
        return installed[-1]

    yield add
    for plugin_id in installed:
        desk.uninstall(plugin_id)


def wait_until(frame: Any, condition: str, argument: object = None) -> None:
    """Wait for a condition in a frame; one out of sight draws nothing, so its clock is used."""
    frame.wait_for_function(condition, arg=argument, polling=50)


def frame_of(page: Any, title: str) -> Any:
    """Return the loaded frame with this title."""
    element = page.locator(f'iframe[title="{title}"]')
    element.wait_for()
    # The word that it is being loaded goes away when it has been.
    expect(page.locator(".panel", has=element).locator(".panel-status")).to_have_count(0)
    frame = element.element_handle().content_frame()
    wait_until(frame, "window.ask !== undefined")
    return frame


def ask(frame: Any, message: object) -> Any:
    """Send a message from the panel to its page; return the next answer."""
    before = frame.evaluate("window.messages.length")
    frame.evaluate("(message) => window.ask(message)", message)
    wait_until(frame, "(count) => window.messages.length > count", before)
    return frame.evaluate("(count) => window.messages[count]", before)["data"]


def request(action: object, request_id: object = "r-1") -> dict[str, object]:
    return {"type": "ohd:request", "requestId": request_id, "action": action}


def test_a_panel_has_the_declared_title_height_and_walls(
    open_page: Open, desk: Desk, install: Callable[..., str], panels_at: str
) -> None:
    install("plain", f"{panels_at}/panel?ticket=", height=130)
    ticket = desk.ticket("Panels: a plain one")
    page = open_page("user", f"/tickets/{ticket}")
    frame = frame_of(page, "Panel plain")
    assert frame.url == f"{panels_at}/panel?ticket={ticket}"
    element = page.locator('iframe[title="Panel plain"]')
    assert element.bounding_box()["height"] == 130
    assert element.get_attribute("sandbox") == "allow-scripts allow-same-origin"
    expect(page.locator(".panel-status")).to_have_count(0)


def test_a_panel_asks_and_is_answered_with_what_the_viewer_may_see(
    open_page: Open, desk: Desk, install: Callable[..., str], panels_at: str
) -> None:
    install("asking", f"{panels_at}/panel?ticket=")
    ticket = desk.ticket("Panels: asking")
    page = open_page("user", f"/tickets/{ticket}")
    frame = frame_of(page, "Panel asking")
    answered = ask(frame, request("getTicket"))
    assert (answered["type"], answered["requestId"]) == ("ohd:response", "r-1")
    assert answered["data"] == page.evaluate(f"fetch('/api/tickets/{ticket}').then(r => r.json())")
    person = ask(frame, request("getCurrentUser", "r-2"))
    assert person["data"].keys() == {"id", "name", "role"}
    assert (person["data"]["name"], person["data"]["role"]) == ("Uma User", "user")
    assert ask(frame, request("getCustomFields", 3))["requestId"] == 3
    assert frame.evaluate("window.messages.every(m => m.origin !== location.origin)")


def test_many_requests_in_flight_each_get_their_own_answer(
    open_page: Open, desk: Desk, install: Callable[..., str], panels_at: str
) -> None:
    install("busy", f"{panels_at}/panel?ticket=")
    page = open_page("user", f"/tickets/{desk.ticket('Panels: busy')}")
    frame = frame_of(page, "Panel busy")
    frame.evaluate(
        """() => {
          const actions = ["getTicket", "getCurrentUser", "getCustomFields"];
          for (let n = 0; n < 60; n += 1) {
            window.ask({ type: "ohd:request", requestId: `n-${n}`, action: actions[n % 3] });
          }
        }"""
    )
    wait_until(frame, "window.messages.length === 60")
    answers = frame.evaluate("window.messages.map(m => m.data)")
    assert sorted(a["requestId"] for a in answers) == sorted(f"n-{n}" for n in range(60))
    assert [a for a in answers if "error" in a] == []
    users = [a["data"] for a in answers if int(a["requestId"][2:]) % 3 == 1]
    assert {user["name"] for user in users} == {"Uma User"}


@pytest.mark.parametrize(
    ("message", "request_id"),
    [
        (request("deleteTicket"), "r-1"),
        (request("toString"), "r-1"),
        (request(None), "r-1"),
        (request(["getTicket"]), "r-1"),
        ({"type": "ohd:request", "action": "getTicket"}, None),
        (request("getTicket", {"deep": 1}), None),
        (request("getTicket", "x" * 201), None),
        ({"type": "ohd:requests", "requestId": "r-1"}, "r-1"),
        ("ohd:request", None),
        (None, None),
        ([1, 2], None),
    ],
)
def test_a_malformed_message_gets_an_error(
    open_page: Open,
    desk: Desk,
    asking_page: Any,
    message: object,
    request_id: object,
) -> None:
    answered = ask(asking_page, message)
    assert (answered["type"], answered["requestId"]) == ("ohd:response", request_id)
    assert answered["error"]
    assert "data" not in answered


@pytest.fixture(scope="module")
def asking_page(chromium: Any, desk: Desk, sessions: Any, panels_at: str) -> Iterator[Any]:
    """Return the frame of a panel on an open ticket page."""
    plugin_id = desk.install(panel_plugin("odd", f"{panels_at}/panel?ticket="))
    ticket = desk.ticket("Panels: odd messages")
    with chromium.new_context(base_url=desk.url, storage_state=sessions("user")) as context:
        page = context.new_page()
        page.goto(f"/tickets/{ticket}")
        yield frame_of(page, "Panel odd")
    desk.uninstall(plugin_id)


def test_strangers_get_silence(
    open_page: Open, desk: Desk, install: Callable[..., str], panels_at: str
) -> None:
    install("framed", f"{panels_at}/panel?ticket=")
    page = open_page("user", f"/tickets/{desk.ticket('Panels: strangers')}")
    frame = frame_of(page, "Panel framed")
    # A frame within the panel's own page: same origin as the panel, and not the framed window.
    frame.evaluate(
        """() => {
          const inner = document.createElement("iframe");
          inner.src = location.href;
          document.body.append(inner);
        }"""
    )
    wait_until(frame, "window.frames[0]?.ask !== undefined")
    inner = frame.child_frames[0]
    inner.evaluate("(m) => window.top.postMessage(m, '*')", request("getTicket", "stranger"))
    # The page itself, as an extension or a script of its own origin would send.
    page.evaluate("(m) => window.postMessage(m, '*')", request("getTicket", "self"))
    assert ask(frame, request("getTicket", "friend"))["requestId"] == "friend"
    assert inner.evaluate("window.messages") == []
    ids = frame.evaluate("window.messages.map(m => m.data.requestId)")
    assert ids == ["friend"]


def test_a_panel_that_went_elsewhere_is_a_stranger(
    open_page: Open, desk: Desk, install: Callable[..., str], panels_at: str
) -> None:
    install("leaving", f"{panels_at}/panel?ticket=")
    install("staying", f"{panels_at}/panel?ticket=")
    page = open_page("user", f"/tickets/{desk.ticket('Panels: leaving')}")
    frame = frame_of(page, "Panel leaving")
    other = panels_at.replace("localhost", "other.localhost")
    frame.evaluate("(url) => { location.href = url; }", f"{other}/elsewhere")
    frame.wait_for_url(f"{other}/elsewhere")
    gone = frame_of(page, "Panel leaving")
    gone.evaluate("(message) => window.ask(message)", request("getTicket", "removed"))
    assert ask(frame_of(page, "Panel staying"), request("getTicket", "there"))["data"]
    assert gone.evaluate("window.messages") == []


def test_panels_that_fail_show_a_card_each_and_hold_nobody_up(
    open_page: Open, desk: Desk, install: Callable[..., str], panels_at: str
) -> None:
    install("good", f"{panels_at}/panel?ticket=")
    install("broken", f"{panels_at}/panel?ticket=", behaviour=TRAP)
    looping = install("slow", f"{panels_at}/panel?ticket=", behaviour=LOOP)
    install("foreign", "https://elsewhere.example/panel?ticket=")
    # Longer than what follows takes, also on a busy machine; then its process is killed.
    desk.call("PATCH", f"/api/admin/plugins/{looping}", {"limits": {"deadline_s": 60}})
    ticket = desk.ticket("Panels: failing")
    page = open_page("user", f"/tickets/{ticket}")
    expect(page.get_by_role("heading", name="Panels: failing")).to_be_visible()
    assert frame_of(page, "Panel good").url.endswith(ticket)
    for name in ("broken", "foreign"):
        card = page.get_by_role("region", name=f"Panel {name}")
        expect(card.locator(".panel-status.failed")).to_contain_text(f"The {name} plugin: ")
    slow = page.get_by_role("region", name="Panel slow")
    expect(slow.locator(".panel-status")).to_contain_text("Loading The slow plugin")
    page.get_by_label("Reply").fill("Still quick")
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.get_by_text("Still quick")).to_be_visible()
    expect(slow.locator(".panel-status")).to_contain_text("Loading The slow plugin")
    failed = slow.locator(".panel-status.failed")
    for _ in range(100):
        # The first page's request may have been before this one's.
        desk.kill(looping)
        page.wait_for_timeout(200)
        if failed.count():
            break
    expect(failed).to_contain_text("The slow plugin: ")
    expect(slow.get_by_role("button", name="Try again")).to_be_visible()


def test_a_panel_whose_server_has_died_shows_a_card_and_comes_back_with_it(
    open_page: Open, desk: Desk, install: Callable[..., str]
) -> None:
    with panel_site() as origin:
        install("mortal", f"{origin}/panel?ticket=")
    port = int(origin.rpartition(":")[2])
    ticket = desk.ticket("Panels: a dead server")
    page = open_page("user", f"/tickets/{ticket}", expected=["ERR_CONNECTION_REFUSED"])
    card = page.get_by_role("region", name="Panel mortal")
    told = card.locator(".panel-status.failed")
    expect(told).to_contain_text("The mortal plugin: The panel's server did not respond.")
    assert card.locator("iframe").count() == 0
    with panel_site(port):
        card.get_by_role("button", name="Try again").click()
        assert frame_of(page, "Panel mortal").url.endswith(ticket)


def test_a_panel_that_only_frames_may_load_can_be_shown_anyway(
    open_page: Open, desk: Desk, install: Callable[..., str]
) -> None:
    with panel_site(headers={"Cross-Origin-Resource-Policy": "same-origin"}) as origin:
        install("shy", f"{origin}/panel?ticket=")
        ticket = desk.ticket("Panels: a shy server")
        page = open_page("user", f"/tickets/{ticket}", expected=["ERR_BLOCKED_BY_RESPONSE"])
        card = page.get_by_role("region", name="Panel shy")
        card.get_by_role("button", name="Show anyway").click()
        assert frame_of(page, "Panel shy").url.endswith(ticket)


def test_a_panel_of_the_help_desks_own_origin_is_refused(
    open_page: Open, desk: Desk, install: Callable[..., str]
) -> None:
    own = desk.url.replace("127.0.0.1", "localhost")
    install("own", f"{own}/tickets/")
    ticket = desk.ticket("Panels: own origin")
    user = open_page(None, f"{own}/login")
    user.get_by_label("Email").fill("user@example.com")
    user.get_by_label("Password").fill("demo")
    user.get_by_role("button", name="Log in").click()
    user.wait_for_url("**/tickets")
    user.goto(f"{own}/tickets/{ticket}")
    card = user.get_by_role("region", name="Panel own")
    expect(card.locator(".panel-status.failed")).to_contain_text("the help desk itself")
    assert card.locator("iframe").count() == 0
