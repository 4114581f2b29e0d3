"""A picture in, a small one out: upright, WebP, without what was written beside its pixels. Pure.

Of a picture that moves, the first frame. A reader is chosen by the type that the first bytes told;
no other is ever tried.
"""

import io
from typing import Final

from PIL import GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from PIL.ImageFile import ImageFile

MAX_PIXELS: Final = 36_000_000
"""Decoded whole they take 144 MB; a screen of 8K has 33 million."""
MAX_JPEG_PIXELS: Final = 120_000_000
"""JPEG is decoded at an eighth of its size and more, as far as is enough."""
MAX_SIDE: Final = 32_000
_QUALITIES: Final = (80, 60, 30)
_ORIENTATION: Final = 0x0112
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What sets a picture upright, by the number that cameras write into it (EXIF, 4.6.4 A)."""
_READERS: Final[dict[str, type[ImageFile]]] = {
    "image/png": PngImagePlugin.PngImageFile,
    "image/jpeg": JpegImagePlugin.JpegImageFile,
    "image/webp": WebPImagePlugin.WebPImageFile,
    "image/gif": GifImagePlugin.GifImageFile,
}


class NoPicture(Exception):
    """There is no small picture of this; the text says why, in words of ours."""


def make_small(data: bytes, kind: str, edge: int, most: int) -> bytes:
    """Return a WebP of at most ``most`` bytes, no side longer than ``edge`` pixels.

    Raises NoPicture, and whatever else a reader raises for what is broken.
    """
    with _READERS[kind](io.BytesIO(data)) as source:
        _check_size(source, MAX_JPEG_PIXELS if kind == "image/jpeg" else MAX_PIXELS)
        turn = _UPRIGHT.get(_orientation(source))
        source.draft("RGB", (edge, edge))
        shown = _plain(source)
    shown.thumbnail((edge, edge), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if turn is not None:
        shown = shown.transpose(turn)
    shown.info = {}
    for quality in _QUALITIES:
        out = io.BytesIO()
        shown.save(out, "WEBP", quality=quality, method=4, exif=b"", xmp=b"", icc_profile=b"")
        if out.tell() <= most:
            return out.getvalue()
    raise NoPicture("it cannot be made small enough")


def _check_size(source: ImageFile, most: int) -> None:
    width, height = source.size
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE) or width * height > most:
        raise NoPicture("it has too many pixels")


def _orientation(source: ImageFile) -> int:
    try:
        found = source.getexif().get(_ORIENTATION)
    except Exception:
        return 1
    return found if type(found) is int else 1


def _plain(source: ImageFile) -> Image.Image:
    """Return the pixels of the first frame as RGB or RGBA, whatever they were."""
    source.load()
    if source.mode.startswith("I"):
        # 16 bits of grey; a conversion alone would cut instead of scale.
        return (
            source.convert("I").point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
        )
    sees_through = source.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or (
        "transparency" in source.info
    )
    return source.convert("RGBA" if sees_through else "RGB")
