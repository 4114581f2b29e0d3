"""``python -m tests.attacker.sink``: a server that takes whatever comes and answers little.

It is attacked in place of the real one, in the control run: what pages take then is what the
attackers' own work costs them on a machine that both share. Prints its port, and runs until it is
killed.
"""

import select
import socket
import sys
from contextlib import suppress

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def main() -> None:
    """Accept, read and answer, all in one thread."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    epoll = select.epoll()
    epoll.register(listener.fileno(), select.EPOLLIN)
    clients: dict[int, socket.socket] = {}
    while True:
        for fd, _ in epoll.poll():
            if fd == listener.fileno():
                with suppress(OSError):
                    client, _ = listener.accept()
                    client.setblocking(False)
                    clients[client.fileno()] = client
                    epoll.register(client.fileno(), select.EPOLLIN)
            elif not _answer(clients[fd]):
                epoll.unregister(fd)
                clients.pop(fd).close()


def _answer(client: socket.socket) -> bool:
    """Answer once what can be read at once; tell whether the client is still there."""
    try:
        if not client.recv(64 * 1024):
            return False
        client.send(ANSWER)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
