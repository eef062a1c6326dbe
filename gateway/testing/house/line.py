"""The line between client and server: a TCP proxy on a fixed port that can be cut, slowed and silenced.

What travels is encrypted, so faults go by bytes and by what has happened in the centre's folders: `cut_when` is asked
before each answer is passed on. A rename that is done is so noticed before its answer arrives.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

_CHUNK = 64 * 1024


class Line:
    """Listens at `port`; passes on to `target_port`. Faults hold until they are taken back, cuts act once."""

    def __init__(self, port: int = 0) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = int(self._listener.getsockname()[1])
        self.target_port = 0
        self.delay_s = 0.0
        """Before each answer is passed on."""
        self._cut_after: int | None = None
        self._cut_when: Callable[[], bool] | None = None
        self._refuse = 0
        self._is_open = True
        self._pairs: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, sent_bytes: int) -> None:
        """Break the next connection once the client has sent so many bytes."""
        self._cut_after = sent_bytes

    def cut_when(self, condition: Callable[[], bool]) -> None:
        """Break a connection instead of passing an answer on, once, when the condition holds."""
        self._cut_when = condition

    def refuse(self, times: int = 1) -> None:
        """Break the next connections at once."""
        self._refuse = times

    def close(self) -> None:
        """Stop listening and break what is connected."""
        self._is_open = False
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in list(self._pairs):
            _hang_up(end)

    def _accept(self) -> None:
        while self._is_open:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refuse:
                self._refuse -= 1
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target_port), timeout=10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            cut_after, self._cut_after = self._cut_after, None
            self._pairs |= {client, server}
            threading.Thread(target=self._forth, args=(client, server, cut_after), daemon=True).start()
            threading.Thread(target=self._back, args=(server, client), daemon=True).start()

    def _forth(self, client: socket.socket, server: socket.socket, cut_after: int | None) -> None:
        sent = 0
        with suppress(OSError):
            while data := client.recv(_CHUNK):
                sent += len(data)
                if cut_after is not None and sent > cut_after:
                    break
                server.sendall(data)
        self._end(client, server)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(_CHUNK):
                condition = self._cut_when
                if condition and condition():
                    self._cut_when = None
                    break
                if self.delay_s:
                    time.sleep(self.delay_s)
                client.sendall(data)
        self._end(client, server)

    def _end(self, *ends: socket.socket) -> None:
        for end in ends:
            _hang_up(end)
            self._pairs.discard(end)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
