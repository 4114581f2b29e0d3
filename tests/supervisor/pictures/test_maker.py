"""Small pictures are made in processes that are killed where they do not finish."""

import io
import os
import struct
import zlib
from pathlib import Path

import pytest
import trio
from PIL import Image

from sandbox_child.wire.pictures import MAX_MADE
from supervisor.pictures import maker as making
from supervisor.pictures.errors import NoSmallPicture
from supervisor.pictures.maker import PictureMaker
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.forkserver import open_fork_server


@pytest.fixture
async def maker():
    async with open_fork_server() as fork_server:
        yield PictureMaker(fork_server, Cage(CageSettings()))


async def pieces(data: bytes):
    for start in range(0, len(data), 50_000):
        yield data[start : start + 50_000]


async def made(maker: PictureMaker, data: bytes, kind: str = "image/png", edge: int = 240):
    return Image.open(io.BytesIO(await maker.make(pieces(data), len(data), kind, edge)))


async def refusal(maker: PictureMaker, data: bytes, kind: str = "image/png") -> NoSmallPicture:
    with pytest.raises(NoSmallPicture) as refused:
        await maker.make(pieces(data), len(data), kind, 240)
    return refused.value


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(width: int, height: int, pixels: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif"])
async def test_a_picture_of_each_kind_becomes_small(maker, kind):
    large = saved(Image.effect_noise((1200, 600), 60).convert("RGB"), kind)
    small = await made(maker, large, f"image/{kind}")
    assert (small.format, small.size) == ("WEBP", (240, 120))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
async def test_pngs_of_each_mode(maker, mode):
    assert (await made(maker, saved(Image.new(mode, (300, 200)), "png"))).size == (240, 160)


async def test_a_jpeg_for_print_and_one_in_grey(maker):
    for mode in ("CMYK", "L"):
        small = await made(maker, saved(Image.new(mode, (900, 300)), "jpeg"), "image/jpeg")
        assert small.size == (240, 80)


async def test_of_a_picture_that_moves_the_first_frame(maker):
    frames = [Image.new("RGB", (60, 60), colour) for colour in ("red", "blue")]
    for kind in ("gif", "webp", "png"):
        moving = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        small = await made(maker, moving, f"image/{kind}")
        red, _, blue = small.convert("RGB").getpixel((30, 30))
        assert red > 200
        assert blue < 50
        assert getattr(small, "n_frames", 1) == 1


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
async def test_it_is_upright_and_says_nothing_of_where_and_when(maker, kind):
    picture = Image.new("RGB", (80, 40), "red")
    picture.paste("blue", (40, 0, 80, 40))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: its right side is the bottom
    exif[0x010E] = "SECRET-PLACE"
    large = saved(picture, kind, exif=exif, quality=95)
    assert b"SECRET-PLACE" in large
    packed = await maker.make(pieces(large), len(large), f"image/{kind}", 240)
    assert b"SECRET" not in packed
    assert b"EXIF" not in packed
    small = Image.open(io.BytesIO(packed)).convert("RGB")
    assert small.size == (40, 80)
    assert small.getpixel((20, 10))[0] > 180
    assert small.getpixel((20, 70))[2] > 180


async def test_colour_profiles_and_texts_are_gone(maker):
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("Comment", "SECRET-TEXT")
    large = saved(Image.new("RGB", (9, 9)), "png", pnginfo=texts, icc_profile=b"SECRET-PROFILE")
    packed = await maker.make(pieces(large), len(large), "image/png", 240)
    assert b"SECRET" not in packed
    assert b"ICCP" not in packed


async def test_what_cannot_be_seen_through_stays_so_and_what_can_too(maker):
    small = await made(maker, saved(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "png"))
    assert small.convert("RGBA").getpixel((5, 5))[3] == 0
    assert (await made(maker, saved(Image.new("RGB", (50, 50)), "png"))).mode == "RGB"


async def test_pixels_that_are_only_announced_are_not_decoded(maker):
    huge = png_of(65_535, 65_535, b"")
    assert "too many pixels" in str(await refusal(maker, huge))
    jpeg = bytearray(saved(Image.new("RGB", (16, 16)), "jpeg"))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    refused = await refusal(maker, bytes(jpeg), "image/jpeg")
    assert refused.for_good
    assert "too many pixels" in str(refused)
    gif = bytearray(saved(Image.new("P", (16, 16)), "gif"))
    gif[6:10] = b"\xff\xff\xff\xff"
    assert (await refusal(maker, bytes(gif), "image/gif")).for_good


async def test_a_bomb_of_one_colour_is_refused(maker):
    # 8,000 x 8,000 pixels, 192 MB, in 200 KB.
    bomb = png_of(8_000, 8_000, bytes((3 * 8_000 + 1) * 8_000))
    assert len(bomb) < 200_000
    assert "too many pixels" in str(await refusal(maker, bomb))


async def test_a_bomb_beside_the_pixels_is_refused(maker):
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(100_000_000), 9))
    plain = png_of(1, 1, b"\0abc")
    bomb = plain[:33] + text + plain[33:]
    assert (await refusal(maker, bomb)).for_good


async def test_truncated_and_broken_ones_are_refused(maker):
    for kind in ("png", "jpeg", "webp", "gif"):
        whole = saved(Image.effect_noise((200, 200), 90).convert("RGB"), kind)
        assert (await refusal(maker, whole[: len(whole) // 2], f"image/{kind}")).for_good
        assert (await refusal(maker, whole[:20], f"image/{kind}")).for_good


async def test_what_is_something_else_is_refused(maker):
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    assert (await refusal(maker, svg)).for_good
    assert (await refusal(maker, svg, "image/svg+xml")).for_good
    # One kind is tried, whatever else the bytes would be.
    assert (await refusal(maker, saved(Image.new("RGB", (9, 9)), "jpeg"), "image/png")).for_good
    assert (await refusal(maker, saved(Image.new("RGB", (9, 9)), "tiff"), "image/png")).for_good


async def test_of_what_hides_behind_a_picture_nothing_is_left(maker):
    both = saved(Image.new("RGB", (90, 90)), "png") + b"<script>SECRET</script>PK\x03\x04"
    packed = await maker.make(pieces(both), len(both), "image/png", 240)
    assert b"SECRET" not in packed


async def test_it_takes_no_longer_than_its_deadline(maker, monkeypatch):
    monkeypatch.setattr(making, "MAKE_S", 0.0)
    refused = await refusal(maker, saved(Image.new("RGB", (9, 9)), "png"))
    assert refused.for_good


async def test_the_largest_that_is_allowed_fits_into_its_memory(maker):
    large = saved(Image.new("RGBA", (6000, 6000), "red"), "png", compress_level=1)
    assert (await made(maker, large)).size == (240, 240)
    photo = saved(Image.new("RGB", (12_000, 9_000), "red"), "jpeg")
    assert (await made(maker, photo, "image/jpeg")).size == (240, 180)


async def test_a_process_has_no_file_and_no_network(maker):
    seen: list[str] = []

    async def watched():
        [pid] = [
            entry.name
            for entry in Path("/proc").iterdir()  # noqa: ASYNC240
            if entry.name.isdigit() and is_ours(entry)
        ]
        seen.append(await trio.Path(f"/proc/{pid}/status").read_text())
        if os.geteuid() == 0:
            assert len(list(Path(f"/proc/{pid}/fd").iterdir())) == 2  # noqa: ASYNC240
        yield picture

    def is_ours(entry: Path) -> bool:
        try:
            status = (entry / "status").read_text()
        except OSError:
            return False
        return "Name:\tohd-picture\n" in status and f"PPid:\t{os.getpid()}\n" in status

    picture = saved(Image.new("RGB", (9, 9)), "png")
    await maker.make(watched(), len(picture), "image/png", 240)
    assert "Seccomp:\t2" in seen[0]
    assert "NoNewPrivs:\t1" in seen[0]


async def test_more_than_can_wait_are_sent_away(maker, monkeypatch):
    monkeypatch.setattr(making, "WAITING", 1)
    picture = saved(Image.new("RGB", (9, 9)), "png")
    sent_away: list[NoSmallPicture] = []

    async def one() -> None:
        try:
            await maker.make(pieces(picture), len(picture), "image/png", 240)
        except NoSmallPicture as refused:
            sent_away.append(refused)

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(one)
    assert [refused.for_good for refused in sent_away] == [False] * 3


async def test_a_small_one_is_small(maker):
    noise = Image.frombytes("RGB", (1024, 1024), os.urandom(3 * 1024 * 1024))
    large = saved(noise, "png")
    packed = await maker.make(pieces(large), len(large), "image/png", 240)
    assert len(packed) <= MAX_MADE
