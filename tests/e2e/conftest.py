"""A running help desk, and an admin who speaks with it over HTTP."""

import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from sandbox_child.wasm.sections import manifest_section, replace_custom_section
from tests.server_process import PATIENCE_S, ServerProcess, ohd

ADMIN = "admin@example.com"
PASSWORD = "a long enough password"


@dataclass
class HelpDesk:
    """The server's process, and short ways to say what an admin does over the API."""

    server: ServerProcess
    client: httpx.AsyncClient
    guest: Callable[[str], bytes]

    async def start(self) -> None:
        await trio.to_thread.run_sync(self.server.start)
        self.client.base_url = httpx.URL(self.server.url)

    async def kill(self) -> None:
        await trio.to_thread.run_sync(self.server.kill)

    async def stop(self) -> int:
        return await trio.to_thread.run_sync(self.server.stop)

    async def call(self, method: str, path: str, **options: Any) -> Any:
        response = await self.client.request(method, f"/api{path}", **options)
        assert response.is_success, response.text
        return response.json() if response.content else None

    async def install(self, guest_name: str, *, enabled: bool = True, **manifest: Any) -> str:
        """Upload a guest, its manifest changed, and return the plugin's id."""
        module = self.guest(guest_name)
        whole = json.loads(manifest_section(module)) | manifest
        module = replace_custom_section(module, "ohd_manifest", json.dumps(whole).encode())
        plugin = await self.upload(("plugin.wasm", module, "application/wasm"))
        assert not plugin["enabled"]
        if enabled:
            await self.change(plugin["id"], enabled=True)
        return str(plugin["id"])

    async def upload(self, file: tuple[str, bytes, str]) -> Any:
        """Install a file, and return the plugin; on a busy machine that goes on for a while."""
        came = await self.call("POST", "/admin/plugins", files={"file": file})
        with trio.fail_after(PATIENCE_S):
            while (step := came.get("step")) not in (None, "done"):
                assert step != "refused", came
                await trio.sleep(0.1)
                came = await self.call("GET", f"/admin/plugins/installs/{came['id']}")
        return await self.plugin(came["plugin_id"]) if step else came

    async def change(self, plugin_id: str, **changes: Any) -> Any:
        return await self.call("PATCH", f"/admin/plugins/{plugin_id}", json=changes)

    async def probe(self, *steps: dict[str, Any], **manifest: Any) -> str:
        """Install the guest that does what its configuration says."""
        plugin_id = await self.install(
            "zig/probe", enabled=False, **{"events": ["ticket.created"]} | manifest
        )
        await self.change(plugin_id, config={"steps": json.dumps(steps)}, enabled=True)
        return plugin_id

    async def ticket(self, subject: str = "New laptop") -> Any:
        body = {"subject": subject, "description": "The old one was stolen."}
        return await self.call("POST", "/tickets", json=body)

    async def deliveries(self, plugin_id: str, count: int = 1) -> list[Any]:
        """Wait for so many deliveries, and return all there are, oldest first."""
        path = f"/admin/plugins/{plugin_id}/deliveries"
        with trio.fail_after(PATIENCE_S):
            while True:
                found = (await self.call("GET", path))["data"]
                if len(found) >= count:
                    return list(found[::-1])
                await trio.sleep(0.02)

    async def plugin(self, plugin_id: str) -> Any:
        return await self.call("GET", f"/admin/plugins/{plugin_id}")


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a folder with an admin's account in it, and the admin's API key."""
    folder = tmp_path_factory.mktemp("seed")
    words = ("--name", "Alex Admin", "--role", "admin", "--data", "data")
    made = ohd("user", "create", ADMIN, *words, cwd=folder, stdin=f"{PASSWORD}\n")
    assert made.returncode == 0, made.stderr
    key = ohd("apikey", "create", ADMIN, "--name", "tests", "--data", "data", cwd=folder)
    assert key.returncode == 0, key.stderr
    return folder, key.stdout.strip()


@pytest.fixture
async def open_helpdesk(
    tmp_path: Path, seed: tuple[Path, str], guest: Callable[[str], bytes]
) -> AsyncIterator[Callable[..., Awaitable[HelpDesk]]]:
    """Return a function that starts a help desk, with the text of its config.toml."""
    folder, key = seed
    shutil.copytree(folder / "data", tmp_path / "data")
    server = ServerProcess(tmp_path)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(headers=headers, timeout=120) as client:
        helpdesk = HelpDesk(server, client, guest)

        async def start(config: str = "") -> HelpDesk:
            (tmp_path / "config.toml").write_text(config, "utf-8")
            await helpdesk.start()
            return helpdesk

        yield start
        if server.url:
            await helpdesk.stop()


@pytest.fixture
async def helpdesk(open_helpdesk: Callable[..., Awaitable[HelpDesk]]) -> HelpDesk:
    return await open_helpdesk()
