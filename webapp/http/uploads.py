"""Takes the one file out of a plugin upload. What is inside is not looked at here."""

from quart import request

from webapp.errors import BodyInvalid

FIELD = "file"


async def uploaded_module() -> tuple[str, bytes]:
    """Return the name and the bytes of the multipart field ``file``.

    The name is the client's word: the last part of a path, printable, at most 100 characters.
    Raises ``BodyInvalid`` where there is no file.
    """
    upload = (await request.files).get(FIELD)
    if upload is None:
        raise BodyInvalid(
            f"choose a plugin file (.wasm): expected one multipart/form-data field named '{FIELD}'"
        )
    name = str(upload.filename or "").replace("\\", "/").rpartition("/")[2]
    shown = "".join(char for char in name if char.isprintable())[:100]
    return shown or "a file without a name", upload.stream.read()
