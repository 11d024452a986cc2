"""A TCP proxy before a PostgreSQL server that cuts connections at the worst of moments.

Asked at every commit that passes (or another text), it lets it through or cuts: *unsent*, so that the server
never hears of it and takes everything back; *sent*, at once when it is under way; *done*, when
the server has answered and the client has not heard. In the last two the client cannot know.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from sqlalchemy.engine import make_url

Cut = Literal["unsent", "sent", "done"]
COMMIT = b"COMMIT\x00"
"""COMMIT as a simple query, or parsed in a pipeline."""
STUCK_SECONDS = 60
"""So long one side's word is waited for in the middle of it; then both are cut off."""
ALONE = b"WITH done AS ("
"""How a statement begins that is a transaction by itself."""
_QUERY, _SYNC, _READY = b"Q", b"S\x00\x00\x00\x04", b"Z\x00\x00\x00\x05"
"""What a simple query begins with, what ends a pipeline, and the answer to either
(PostgreSQL's manual, "Message Formats")."""


class Proxy:
    """Between clients on a port of this machine and a server's socket."""

    def __init__(self, server: str, cut: Callable[[], Cut | None], *, at: bytes = b"") -> None:
        self._url = make_url(server)
        self._socket = str(Path(str(self._url.query["host"])) / ".s.PGSQL.5432")
        self._cut = cut
        self._at = (at,) if at else (COMMIT, ALONE)
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.cuts = 0
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        """The server's database, through here."""
        port = self._listening.getsockname()[1]
        url = self._url.set(host="127.0.0.1", port=port, query={"sslmode": "disable"})
        return url.render_as_string(hide_password=False)

    def close(self) -> None:
        """Take no more clients."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(self._socket)
            for peer in (client, server):
                peer.settimeout(STUCK_SECONDS)
            while True:
                readable, _, _ = select.select([client, server], [], [])
                if server in readable:
                    data = server.recv(65536)
                    if not data:
                        return
                    client.sendall(data)
                if client in readable:
                    data = client.recv(65536)
                    if not data:
                        return
                    cut = self._cut() if any(at in data for at in self._at) else None
                    if cut is not None:
                        self.cuts += 1
                        self._at_commit(cut, client, server, data)
                        return
                    server.sendall(data)

    @staticmethod
    def _at_commit(cut: Cut, client: socket.socket, server: socket.socket, data: bytes) -> None:
        if cut == "unsent":
            return
        while not data.startswith(_QUERY) and _SYNC not in data:  # a pipeline comes in pieces
            data += _more(client)
        server.sendall(data)
        answer = b""
        while cut == "done" and _READY not in answer:
            answer += _more(server)


def _more(peer: socket.socket) -> bytes:
    data = peer.recv(65536)
    if not data:
        raise OSError("closed")
    return data
