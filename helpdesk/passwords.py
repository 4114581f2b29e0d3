"""Password hashing: Argon2id off the Trio thread.

Owns the cost, and the least and greatest length. A hash takes tens of milliseconds and 64 MiB by
design (RFC 9106's second recommended option, which is argon2-cffi's default), so few run at once,
and in threads of lower priority: guesses at passwords cannot take the processors from the pages.
"""

import contextlib
import functools
import os
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import trio
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from helpdesk.errors import Invalid
from helpdesk.text import counted, normalized

T = TypeVar("T")

MIN_LENGTH = 8
MAX_LENGTH = 1024
"""Characters; the upper bound keeps one request from hashing megabytes."""
AT_ONCE = 1
NICE = 10
"""Added to the niceness of the threads that hash; they have about a fifth of the others' weight."""


class Passwords:
    """Hashes and checks passwords with one set of costs."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._limiter = trio.CapacityLimiter(AT_ONCE)
        # Trio's own threads are shared, and who has given up priority never gets it back.
        self._threads = ThreadPoolExecutor(AT_ONCE, "passwords", initializer=_be_nice)
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """Return the encoded hash, which carries its own salt and costs."""
        return await self._in_thread(functools.partial(self._hasher.hash, prepared(password)))

    async def matches(self, encoded: str | None, password: str) -> bool:
        """Tell whether ``password`` made ``encoded``.

        Without a hash (no such account, or one without a password) it takes as long and says no,
        so that the time does not tell which addresses have accounts.
        """
        if len(password) > MAX_LENGTH:
            return False
        if self._decoy is None:
            self._decoy = await self.hash("a password that nobody has")
        check = functools.partial(self._check, encoded or self._decoy, password)
        return await self._in_thread(check) and encoded is not None

    def _check(self, encoded: str, password: str) -> bool:
        # As it was typed comes second: hashes of before the preparation were made of that.
        for spelling in dict.fromkeys((prepared(password), password)):
            try:
                if self._hasher.verify(encoded, spelling):
                    return True
            except (VerificationError, InvalidHashError):
                continue
        return False

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await trio.to_thread.run_sync(
            lambda: self._threads.submit(work).result(), limiter=self._limiter
        )


def _be_nice() -> None:
    """Lower the priority of this thread alone, and of those that it starts: Linux has it so."""
    with contextlib.suppress(OSError):
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICE)


def prepared(password: str) -> str:
    """Return the one spelling of a password: composed letters, plain spaces (RFC 8265, 4.2).

    Keyboards and systems differ in whether they send a letter with its accent as one or as two.
    """
    spaced = "".join(" " if unicodedata.category(c) == "Zs" else c for c in password)
    return normalized("NFC", spaced)


def checked(password: str) -> str:
    """Check a new password's length. The error never carries the password."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise Invalid(
            "password",
            counted(len(password), "character"),
            f"{MIN_LENGTH} to {MAX_LENGTH:,} characters",
        )
    return password
