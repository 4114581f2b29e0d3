"""Module files that are in use: by a version, or by an installation that is under way.

Two installations may bring the same file while a third plugin that had it goes. So whoever needs a
file says so before it is written, and a file goes only when nobody does.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from supervisor.errors import NotFinished
from supervisor.plugins.artifacts import ArtifactStore


class ModuleFiles:
    """See the module."""

    def __init__(self, artifacts: ArtifactStore, installed: Callable[[str], bool]) -> None:
        """``installed``: tells whether the module of a hash is of any installed version."""
        self._artifacts = artifacts
        self._installed = installed
        self._needed: Counter[str] = Counter()
        self._one_at_a_time = trio.Lock()

    @asynccontextmanager
    async def holding(self, sha256: str, module: bytes) -> AsyncIterator[None]:
        """Keep a module's file for the length of the block, and behind it where it is installed."""
        async with self._one_at_a_time:
            self._needed[sha256] += 1
        known = False
        try:
            await trio.to_thread.run_sync(self._artifacts.save_module, sha256, module)
            yield
            known = True
        except (Exception, trio.Cancelled, BaseExceptionGroup) as exc:
            # A nursery in the block makes a group of what cancelled it.
            unfinished = exc.subgroup(NotFinished) if isinstance(exc, BaseExceptionGroup) else None
            known = not isinstance(exc, NotFinished) and unfinished is None
            raise
        finally:
            self._needed[sha256] -= 1
            # Where it may be installed all the same, the next start looks.
            if known:
                with trio.CancelScope(shield=True):
                    await self.forget(sha256)

    async def forget(self, *hashes: str) -> None:
        """Delete the files of modules, as far as nobody needs them."""
        async with self._one_at_a_time:
            for sha256 in hashes:
                if not self._needed[sha256] and not self._installed(sha256):
                    del self._needed[sha256]
                    await trio.to_thread.run_sync(self._artifacts.delete, sha256)
