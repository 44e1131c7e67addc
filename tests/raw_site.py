"""A server on this machine that answers each request with exactly the bytes of a table, valid HTTP or not."""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# Instead of an answer: the connection is reset.
RESET = b"RESET"
TLS_HANDSHAKE = b"\x16"


@contextmanager
def running_raw_site(answers: Mapping[str, bytes]) -> Iterator[int]:
    """Yield the port of a server that sends `answers[path]` to a request for that path, or nothing, and closes."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            request = b""
            while b"\r\n\r\n" not in request:
                chunk = self.request.recv(65_536)
                if not chunk:
                    return
                request += chunk
                if request.startswith(TLS_HANDSHAKE):
                    self.request.sendall(b"This port speaks no TLS.")
                    return
            path = request.split(b" ", 2)[1].decode("ascii")
            answer = answers.get(path, b"")
            if answer == RESET:
                # A linger of zero makes the kernel send RST instead of FIN.
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.request.close()
                return
            try:
                self.request.sendall(answer)
            except OSError:
                # The checker closed its side, because it had read enough.
                return

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
