"""One connection to somebody else's server: looked up once, checked, and bounded in time and bytes."""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from ipaddress import ip_address
from typing import Any, cast

from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.web_address import AllowedTargets, WebAddress, is_public

#: Addresses of one name that are tried, one after the other.
_MOST_TRIES = 4

#: ``socket.getaddrinfo``: what a host's name stands for.
Resolve = Callable[..., Sequence[tuple[Any, int, int, str, tuple[Any, ...]]]]


class TooMuchSentError(Exception):
    """The server has sent more than it was given."""


@dataclass
class Patience:
    """How long, and for how many bytes, a server is listened to. It is set anew as an exchange goes on.

    Attributes:
        silence_s: seconds without a byte from it.
        until: the end of the phase, however steadily bytes arrive.
        bytes_left: what it may send in this phase, with headers and the framing of chunks.
    """

    silence_s: float
    until: Deadline
    bytes_left: int

    def next_wait_s(self) -> float:
        """How long the next operation may take.

        Raises:
            TimeoutError: the phase is over.
        """
        wait_s = min(self.silence_s, self.until.remaining_s())
        if wait_s <= 0:
            raise TimeoutError("no time is left")
        return wait_s

    def count(self, size: int) -> None:
        """Take note of ``size`` bytes.

        Raises:
            TooMuchSentError: they were too many.
        """
        self.bytes_left -= size
        if self.bytes_left < 0:
            raise TooMuchSentError


@dataclass(frozen=True)
class Routes:
    """How hosts are reached: which ones that are not public, who knows their addresses, and whom TLS trusts."""

    allowed: AllowedTargets = field(default_factory=AllowedTargets)
    resolve: Resolve = socket.getaddrinfo
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)


class CheckedConnection(HTTPConnection):
    """A connection to ``address`` that goes to nothing but public addresses, or to what the operator allows.

    The name is looked up once, and the socket goes to an address that was checked: a name that means something else
    a moment later changes nothing. No proxy is asked, whatever the environment says.
    """

    def __init__(self, address: WebAddress, routes: Routes, patience: Patience) -> None:
        super().__init__(address.host, address.port)
        self._address = address
        self._routes = routes
        self._patience = patience

    def connect(self) -> None:
        """Look the host up, check what it is, connect, and agree on TLS where the scheme says so.

        Raises:
            CliploopError: ADDRESS_REFUSED.
            OSError: nobody answers.
        """
        sock = self._reach()
        if self._address.scheme == "https":
            sock.settimeout(self._patience.next_wait_s())
            try:
                sock = self._routes.tls.wrap_socket(sock, server_hostname=self._address.host)
            except BaseException:
                sock.close()
                raise
        self.sock = cast("socket.socket", _PatientSocket(sock, self._patience))

    def _reach(self) -> socket.socket:
        failure = OSError("the name has no address")
        for family, where in self._look_up():
            try:
                return self._open(family, where)
            except OSError as error:
                failure = error
        raise failure

    def _look_up(self) -> list[tuple[int, tuple[Any, ...]]]:
        found = self._routes.resolve(self._address.host, self._address.port, type=socket.SOCK_STREAM)
        places = list(dict.fromkeys((family, where) for family, _, _, _, where in found))
        for _, where in places:
            self._check(where[0])
        return places[:_MOST_TRIES]

    def _open(self, family: int, where: tuple[Any, ...]) -> socket.socket:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(self._patience.next_wait_s())
            sock.connect(where)
            self._check(sock.getpeername()[0])
        except BaseException:
            sock.close()
            raise
        return sock

    def _check(self, ip: str) -> None:
        """One address that is not public is enough: who controls the name would choose which one we meet."""
        if not (self._routes.allowed.permits(self._address) or is_public(ip_address(ip))):
            raise CliploopError(
                ErrorCode.ADDRESS_REFUSED,
                "The address leads to a network that is not public, which is never fetched from; if it is yours, the "
                "operator of this stack can allow its host and port.",
                log_text=f"{self._address} is {ip}",
            )


class _PatientSocket:
    """What ``http.client`` uses of a socket, with a bound on every wait and on all that arrives."""

    def __init__(self, sock: socket.socket, patience: Patience) -> None:
        self._sock = sock
        self._patience = patience

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        self._sock.settimeout(self._patience.next_wait_s())
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Open it for reading."""
        return io.BufferedReader(_PatientReader(self._sock, self._patience))

    def close(self) -> None:
        """Close it; the connection ends when its reader is closed, too."""
        self._sock.close()


class _PatientReader(io.RawIOBase):
    """``http.client`` reads lines: a time-out of each read alone lets a server send one byte after the other."""

    def __init__(self, sock: socket.socket, patience: Patience) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._patience = patience

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._patience.next_wait_s())
        size = self._raw.readinto(buffer)
        self._patience.count(size or 0)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()
