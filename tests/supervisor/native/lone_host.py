"""Runs one native plugin and tells of it; the tests run this as another user, and kill it.

python lone_host.py PROGRAM [stay]
"""

import json
import sys
from pathlib import Path

import trio

from supervisor.native.plugin import NativeSettings, open_native
from supervisor.native.sealed import seal_program
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.forkserver import open_fork_server


async def serve(_name, _arguments):
    return b"[]"


async def main(program, stay):
    async with open_fork_server() as fork_server:
        settings = NativeSettings(fork_server, Cage(CageSettings()), serve, lambda _line: None)
        with seal_program(Path(program)) as sealed:
            async with open_native(settings, sealed) as plugin:
                await plugin.init({})
                told = {"program": plugin.program_controls, "bridge": plugin.controls}
                for name in ("pid", "uid", "files"):
                    told[name] = json.loads(await plugin.call(name, b"", 20.0))
                told["pids"] = plugin.pids
                sys.stdout.write(f"told {json.dumps(told)}\n")
                sys.stdout.flush()
                if stay:
                    await plugin.call("sleep", b"", 600.0)
                await plugin.shutdown()


if __name__ == "__main__":
    trio.run(main, sys.argv[1], len(sys.argv) > 2)
