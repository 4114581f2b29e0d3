"""Which requests a page process may be given."""

import pytest

from webapp.processes.boundary import LONGEST_HEAD, is_for_pages

HOST = b"Host: localhost\r\nCookie: ohd_session=abc\r\n"


def head(line: bytes, more: bytes = b"") -> bytes:
    return line + b" HTTP/1.1\r\n" + HOST + more + b"\r\n"


@pytest.mark.parametrize(
    "path",
    [
        *(b"/tickets", b"/tickets?view=open&page=2", b"/tickets/12", b"/tickets/01JABC?done=reply"),
        *(b"/static/app.css?v=0123456789abcdef", b"/static/live.js"),
    ],
)
def test_lists_tickets_and_static_files_are_for_page_processes(path: bytes) -> None:
    assert is_for_pages(head(b"GET " + path))


@pytest.mark.parametrize(
    "said",
    [
        b"",
        head(b"POST /tickets/12"),
        head(b"HEAD /tickets/12"),
        head(b"GET /"),
        head(b"GET /events"),
        head(b"GET /tickets/12/files/3"),
        head(b"GET /tickets/../admin"),
        head(b"GET /ticketsx"),
        head(b"GET /api/tickets"),
        head(b"GET http://elsewhere/tickets"),
        b"GET /tickets HTTP/1.0\r\n" + HOST + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_everything_else_is_not(said: bytes) -> None:
    assert not is_for_pages(said)


@pytest.mark.parametrize(
    "name",
    [
        *(b"Authorization", b"AUTHORIZATION", b"Content-Length", b"Transfer-Encoding"),
        *(b"Upgrade", b"Expect", b"X-Plugin"),
    ],
)
def test_a_header_that_asks_for_more_is_for_the_main_process(name: bytes) -> None:
    assert not is_for_pages(head(b"GET /tickets", name + b": 1\r\n"))


def test_only_one_whole_head_changes_hands() -> None:
    whole = head(b"GET /tickets")
    assert not is_for_pages(whole[:-1])
    assert not is_for_pages(whole + b"G")
    assert not is_for_pages(whole + whole)
    # To some readers a head ends here.
    assert not is_for_pages(b"GET /tickets HTTP/1.1\r\nHost: a\n\nGET /admin HTTP/1.1\r\n\r\n")
    long = b"X-Long: " + b"a" * LONGEST_HEAD + b"\r\n"
    assert not is_for_pages(head(b"GET /tickets", long))
