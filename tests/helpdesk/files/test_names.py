"""Names and types of files that strangers send."""

import pytest

from helpdesk.files.kinds import kind_of
from helpdesk.files.names import LONGEST, safe_name


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/absolute/path.txt", "path.txt"),
        ("..", "file"),
        (".", "file"),
        ("", "file"),
        ("   ", "file"),
        (".htaccess", "htaccess"),
        ("con.aux", "_con.aux"),
        ("NUL", "_NUL"),
        ("lpt1.txt", "_lpt1.txt"),
        ("console.log", "console.log"),
        ('a"b<c>d|e?f*g:h.txt', "a_b_c_d_e_f_g_h.txt"),
        ("evil\r\nSet-Cookie: x=y", "evil Set-Cookie_ x=y"),
        ("nul\x00byte.txt", "nulbyte.txt"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("zero\u200bwidth.txt", "zerowidth.txt"),
        ("page.html", "page.html"),
        ("Übersicht März.xlsx", "Übersicht März.xlsx"),
        ("تقرير.pdf", "تقرير.pdf"),
        ("trailing.txt. . ", "trailing.txt"),
        ("lone\ud800surrogate", "lone\ufffdsurrogate"),
    ],
)
def test_a_name_is_kept_as_far_as_it_is_harmless(sent: str, kept: str):
    assert safe_name(sent) == kept
    assert safe_name(kept) == kept


def test_a_long_name_keeps_its_ending():
    assert safe_name("x" * 1_000 + ".tar.gz").endswith("x.gz")
    assert len(safe_name("x" * 1_000 + ".pdf")) == LONGEST
    assert len(safe_name("x." + "y" * 1_000)) == LONGEST


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\x00", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04rest", "application/zip"),
        (b"<!doctype html><script>alert(1)</script>", "text/plain"),
        (b"<svg onload='alert(1)'/>", "text/plain"),
        ("Grüße".encode(), "text/plain"),
        (b"x" * 511 + "ü".encode()[:1], "text/plain"),
        ("Grüße".encode("latin-1"), "application/octet-stream"),
        (b"\x00\x01", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_first_bytes_say_and_never_what_runs(head: bytes, kind: str):
    assert kind_of(head) == kind
