"""``python -m benchmarks.answering``: an HTTP server on loopback that says ``ok`` to everything.

It prints its port and serves one request a connection, in a process of its own, so that what rows
about requests measure is the client.
"""

import socket

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
_END_OF_HEAD = b"\r\n\r\n"


def main() -> None:
    """Serve until killed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            with connection:
                _answer(connection)


def _answer(connection: socket.socket) -> None:
    head = b""
    try:
        while _END_OF_HEAD not in head:
            chunk = connection.recv(65536)
            if not chunk:
                return
            head += chunk
        connection.sendall(_ANSWER)
    except ConnectionError:
        return


if __name__ == "__main__":
    main()
