from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from ssl import SSLCertVerificationError

from cliploop import __version__
from cliploop.adapters.outside_web_connection import CheckedConnection, Patience, Routes, TooMuchSentError
from cliploop.application.ports_web import WebSource
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.web_address import WebAddress, read_web_address

#: Redirects that are followed.
_MOST_REDIRECTS = 5
#: Bytes of an answer until its body; http.client alone would take 100 lines of 64 KiB, and any number of 1xx answers.
_MOST_HEADERS = 256 * 1024
#: Bytes of the answer to a POST that are waited for.
_MOST_REPLY = 64 * 1024
_REDIRECTS = {301, 302, 303, 307, 308}
#: What a server says when it may have another answer later, besides 5xx: too early, a time-out, too many requests.
_LATER = {408, 425, 429}
_SERVER_ERRORS = range(500, 600)


@dataclass(frozen=True)
class OutsideWeb:
    """``Web`` on the standard library.

    Attributes:
        silence_s: seconds without a byte until a server is given up.
        answer_s: seconds from the first look-up of a name until the last header, with all redirects. Nobody renews a
            lease meanwhile, so it is far shorter than one.
    """

    routes: Routes
    silence_s: float = 10
    answer_s: float = 30

    @contextmanager
    def fetch(self, url: str, *, most_bytes: int, deadline: Deadline) -> Iterator[WebSource]:
        """See ``Web``. At most five redirects are followed, and each is checked like the first address."""
        address, until = read_web_address(url), self._until(deadline)
        for _ in range(_MOST_REDIRECTS + 1):
            with self._asked("GET", address, until) as (response, patience):
                if response.status in _REDIRECTS:
                    address = address.follow(_location(response))
                    continue
                yield _body(address, response, patience, most_bytes, deadline)
                return
        raise _failed(f"The address redirects more than {_MOST_REDIRECTS} times; name the last one.")

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, deadline: Deadline) -> int:
        """See ``Web``. The answer's own body is dropped."""
        address, until = read_web_address(url), self._until(deadline)
        with self._asked("POST", address, until, body, headers) as (response, patience):
            patience.bytes_left = _MOST_REPLY
            with suppress(OSError, HTTPException, TooMuchSentError):  # the status is what counts
                while response.read1(_MOST_REPLY):
                    pass
            return response.status

    def _until(self, deadline: Deadline) -> Deadline:
        return min(deadline, Deadline.after(self.answer_s), key=lambda each: each.at_s)

    @contextmanager
    def _asked(
        self,
        method: str,
        address: WebAddress,
        until: Deadline,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[tuple[HTTPResponse, Patience]]:
        patience = Patience(self.silence_s, until, _MOST_HEADERS)
        connection = CheckedConnection(address, self.routes, patience)
        try:
            with _failures(address):
                connection.request(method, address.target, body, _headers(address, headers or {}))
                response = connection.getresponse()
            with response:
                yield response, patience
        finally:
            connection.close()


@dataclass
class _Body:
    """``WebSource`` of an answer."""

    address: WebAddress
    response: HTTPResponse
    size: int | None
    most_bytes: int
    deadline: Deadline
    arrived: int = 0

    @property
    def name(self) -> str:
        """See ``WebSource``."""
        return self.address.name

    def read(self, most: int) -> bytes:
        """See ``WebSource``."""
        try:
            with _failures(self.address):
                data = self.response.read1(most)
        except CliploopError as error:
            if self.deadline.remaining_s() > 0:
                raise
            raise _late(error.log_text) from error
        self.arrived += len(data)
        if self.arrived > self.most_bytes:
            raise _too_large(self.most_bytes)
        if not data and self.arrived < (self.size or 0):
            raise _failed(
                "The address's answer ended before it was complete.",
                log_text=f"{self.address} sent {self.arrived} of {self.size} bytes",
                retryable=True,
            )
        return data


def _headers(address: WebAddress, more: Mapping[str, str]) -> dict[str, str]:
    return {
        "Host": address.authority,
        "User-Agent": f"cliploop/{__version__}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **more,
    }


def _location(response: HTTPResponse) -> str:
    """Where it redirects. http.client reads headers as Latin-1; what is not ASCII there is UTF-8 in practice."""
    location = response.headers.get("Location")
    if not location:
        raise _failed("The address redirects without saying where.")
    return location.strip().encode("iso-8859-1", "replace").decode("utf-8", "replace")


def _body(
    address: WebAddress, response: HTTPResponse, patience: Patience, most_bytes: int, deadline: Deadline
) -> _Body:
    status = response.status
    if status != 200:  # noqa: PLR2004  # the only one whose body is the whole file
        raise _failed(
            f"The address answered with status {status} instead of 200.",
            log_text=f"{address} answered with status {status}",
            retryable=status in _LATER or status in _SERVER_ERRORS,
        )
    size = _size(response)
    if size is not None and size > most_bytes:
        raise _too_large(most_bytes)
    patience.until = deadline
    # The framing of chunks may double what arrives; a body that is mostly framing is no file.
    patience.bytes_left = 2 * most_bytes + _MOST_HEADERS
    return _Body(address, response, size, most_bytes, deadline)


def _size(response: HTTPResponse) -> int | None:
    """The length that the answer promises, once everything that would make it mean something else is ruled out."""
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise _failed("The address answered with a compressed body, which was not asked for.")
    if "Transfer-Encoding" in response.headers:
        if not response.chunked:
            raise _failed("The address answered in a transfer encoding that was not asked for.")
        return None
    lengths = {length.strip() for length in response.headers.get_all("Content-Length", [])}
    if not lengths:
        return None
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdecimal()):
        raise _failed("The address answered with a Content-Length that is not a number.")
    return int(length)


@contextmanager
def _failures(address: WebAddress) -> Iterator[None]:
    """Say what became of an exchange in the house's words."""
    try:
        yield
    except TooMuchSentError as error:
        raise _failed("The address answered with more headers or framing than content.") from error
    except SSLCertVerificationError as error:
        raise _failed(
            "The address's certificate is not valid for its host.", log_text=f"{address}: {error}"
        ) from error
    except (OSError, HTTPException) as error:
        unknown = isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME
        raise _failed(
            "The address's host is not known." if unknown else "The address did not answer as it should.",
            log_text=f"{address}: {error!r}",
            retryable=not unknown,
        ) from error


def _late(log_text: str) -> CliploopError:
    return CliploopError(
        ErrorCode.DEADLINE_EXCEEDED,
        "The address did not send the whole file in the time that one task may take.",
        log_text=log_text,
    )


def _too_large(most_bytes: int) -> CliploopError:
    return CliploopError(
        ErrorCode.FETCH_TOO_LARGE,
        f"The file at the address is larger than {most_bytes} bytes, which is the most that is fetched.",
    )


def _failed(caller_text: str, *, log_text: str = "", retryable: bool = False) -> CliploopError:
    return CliploopError(ErrorCode.FETCH_FAILED, caller_text, log_text=log_text, retryable=retryable)
