"""Other people's servers, as they are: each test talks to a real one over a real socket."""

from __future__ import annotations

import datetime as dt
import errno
import ipaddress
import os
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any
from unittest import mock

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cliploop import __version__
from cliploop.adapters.outside_web import OutsideWeb
from cliploop.adapters.outside_web_connection import Routes
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.web_address import AllowedTargets
from tests.unit.adapters.outside_servers import Behaviour, Exchange, OutsideServer, always, answer, serving

CLIP = b"not really a video" * 1000
MOST = 100_000
UNTRUSTING = ssl.create_default_context()


@dataclass
class Outcome:
    """What a fetch came to."""

    content: bytes
    name: str
    size: int | None


def web(*servers: OutsideServer, silence_s: float = 2, answer_s: float = 2, **routes: Any) -> OutsideWeb:
    """A web in which the servers may be reached at 127.0.0.1."""
    allowed = AllowedTargets.read(",".join(server.target for server in servers))
    return OutsideWeb(Routes(**{"allowed": allowed, "tls": UNTRUSTING, **routes}), silence_s, answer_s)


def fetch(outside: OutsideWeb, url: str, seconds: float = 5, most_bytes: int = MOST) -> Outcome:
    with outside.fetch(url, most_bytes=most_bytes, deadline=Deadline.after(seconds)) as source:
        content = b""
        while data := source.read(4096):
            assert len(data) <= 4096
            content += data
        return Outcome(content, source.name, source.size)


def failure(outside: OutsideWeb, url: str, seconds: float = 5) -> CliploopError:
    with pytest.raises(CliploopError) as raised:
        fetch(outside, url, seconds)
    return raised.value


def failure_of(behave: Behaviour, seconds: float = 5, **patience: float) -> CliploopError:
    with serving(behave) as server:
        return failure(web(server, **patience), server.url(), seconds)


def refused(outside: OutsideWeb, url: str) -> None:
    error = failure(outside, url)
    assert (error.code, error.retryable) == (ErrorCode.ADDRESS_REFUSED, False)


def redirect(location: str, status: str = "302 Found") -> Behaviour:
    return always(answer(b"", f"Location: {location}", status=status))


# -- what is fetched ---------------------------------------------------------------------------------


def test_a_file_arrives_with_its_name_and_size() -> None:
    with serving(always(answer(CLIP))) as server:
        assert fetch(web(server), server.url("/a/%C3%BC.mp4?key=1#x")) == Outcome(CLIP, "ü.mp4", len(CLIP))


def test_a_server_is_told_no_more_than_it_needs() -> None:
    with serving(always(answer(CLIP))) as server:
        fetch(web(server), server.url("/a?b=c"))
    first, *headers = server.requests[0].decode().strip().split("\r\n")
    assert first == "GET /a?b=c HTTP/1.1"
    assert sorted(headers) == [
        "Accept-Encoding: identity",
        "Accept: */*",
        "Connection: close",
        f"Host: {server.target}",
        f"User-Agent: cliploop/{__version__}",
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 1\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcde",
        b"HTTP/1.1 200\r\nContent-Encoding: identity\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nabcdefgh",
        b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde",
    ],
)
def test_a_body_ends_where_its_framing_says(body: bytes) -> None:
    with serving(always(body)) as server:
        assert fetch(web(server), server.url()).content == b"abcde"


def test_a_source_is_read_while_it_arrives() -> None:
    def behave(exchange: Exchange) -> None:
        exchange.send(answer(b"one", "Content-Length: 6"))
        exchange.over.wait(0.2)
        exchange.send(b"two")

    with (
        serving(behave) as server,
        web(server).fetch(server.url(), most_bytes=MOST, deadline=Deadline.after(5)) as source,
    ):
        assert source.read(1_000_000) == b"one"
        assert source.read(1_000_000) == b"two"
        assert [source.read(10), source.read(10)] == [b"", b""]


def test_an_environment_with_proxies_changes_nothing() -> None:
    proxies = dict.fromkeys(
        ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"), "http://127.0.0.1:9"
    )
    with mock.patch.dict(os.environ, proxies), serving(always(answer(CLIP))) as server:
        assert fetch(web(server), server.url()).content == CLIP


# -- redirects ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_names_the_file(status: int) -> None:
    def behave(exchange: Exchange) -> None:
        moved = exchange.request.startswith(b"GET /old ")
        exchange.send(answer(b"", "Location: new/ü.mp4?x", status=f"{status} Moved") if moved else answer(CLIP))

    with serving(behave) as server:
        outcome = fetch(web(server), server.url("/old"))
    assert (outcome.content, outcome.name) == (CLIP, "ü.mp4")
    assert server.requests[1].startswith(b"GET /new/%C3%BC.mp4?x ")


def test_five_redirects_are_followed_and_no_more() -> None:
    def behave(exchange: Exchange) -> None:
        left = int(exchange.request.split()[1][1:])
        exchange.send(answer(CLIP) if left == 0 else answer(b"", f"Location: /{left - 1}", status="302 Found"))

    with serving(behave) as server:
        assert fetch(web(server), server.url("/5")).content == CLIP
        error = failure(web(server), server.url("/6"))
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, False)
    assert len(server.requests) == 12


def test_a_redirect_that_goes_round_ends() -> None:
    error = failure_of(redirect("/clip.mp4"))
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, False)


@pytest.mark.parametrize("location", ["", "  "])
def test_a_redirect_to_nowhere_fails(location: str) -> None:
    error = failure_of(redirect(location))
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, False)


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "//0x7f.1/",
        "http://localhost/",
        "http://user:password@example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "http://example.com:0/",
        "http://exa mple.com/",
    ],
)
def test_a_redirect_is_checked_like_the_first_address(location: str) -> None:
    with serving(redirect(location)) as server:
        refused(web(server), server.url())
    assert len(server.requests) == 1


def test_a_redirect_to_another_private_server_does_not_reach_it() -> None:
    with serving(always(answer(CLIP))) as inner, serving(redirect(inner.url())) as outer:
        refused(web(outer), outer.url())
        assert inner.requests == []
        assert fetch(web(outer, inner), outer.url()).content == CLIP


# -- names -------------------------------------------------------------------------------------------


def answers_of(*ips: str) -> list[tuple[Any, int, int, str, tuple[Any, ...]]]:
    """What ``getaddrinfo`` says of a name with these addresses, at the port of the discard service."""
    families = {4: (socket.AF_INET, ()), 6: (socket.AF_INET6, (0, 0))}
    found = [(ip, families[ipaddress.ip_address(ip).version]) for ip in ips]
    return [(family, socket.SOCK_STREAM, 6, "", (ip, 9, *more)) for ip, (family, more) in found]


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No socket of this test connects; the list is where they would have."""
    tried: list[str] = []

    def connect(_sock: socket.socket, where: Any) -> None:
        tried.append(where[0])
        raise OSError(errno.ENETUNREACH, "unreachable")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


@pytest.mark.parametrize(
    "ips",
    [
        ["127.0.0.1"],
        ["::1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["fd00:ec2::254"],
        ["fe80::1%1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["0.0.0.0"],  # noqa: S104  # the address of this very host
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["2a00:1450::1", "8.8.8.8", "::1"],
        ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5", "192.168.0.1"],
    ],
)
def test_one_address_that_is_not_public_is_enough_to_refuse_a_name(ips: list[str], nowhere: list[str]) -> None:
    refused(web(resolve=lambda *_, **__: answers_of(*ips)), "http://rebind.example/")
    assert nowhere == []


def test_a_name_is_looked_up_once_and_its_first_answer_is_where_we_go(nowhere: list[str]) -> None:
    looks: list[tuple[Any, ...]] = []

    def rebinding(*asked: Any, **_: Any) -> Any:
        looks.append(asked)
        return answers_of("8.8.8.8" if len(looks) == 1 else "127.0.0.1")

    error = failure(web(resolve=rebinding), "http://rebind.example/")
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, True)
    assert looks == [("rebind.example", 80)]
    assert nowhere == ["8.8.8.8"]


def test_each_redirect_is_looked_up_anew() -> None:
    """That the operator allows one hop says nothing of the next."""
    looks: list[Any] = []
    with serving(redirect("http://inner.example/")) as server:

        def resolve(host: str, port: int, **kind: Any) -> Any:
            looks.append(host)
            return (
                answers_of("10.0.0.1") if host == "inner.example" else socket.getaddrinfo("127.0.0.1", port, **kind)
            )

        allowed = AllowedTargets.read(f"outer.example:{server.port}")
        refused(web(resolve=resolve, allowed=allowed), server.url(host="outer.example"))
    assert looks == ["outer.example", "inner.example"]


def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    with serving(always(answer(CLIP))) as server:
        closed = socket.create_server(("127.0.0.1", 0))
        places = [("127.0.0.1", closed.getsockname()[1]), ("127.0.0.1", server.port)]
        closed.close()
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]
        assert fetch(web(server, resolve=lambda *_, **__: found), server.url()).content == CLIP


def test_the_peer_is_checked_as_well() -> None:
    """A way to be somewhere else than where one connected to: a rule of the network, here a patched socket."""
    with serving(always(answer(CLIP))) as server:
        connect = socket.socket.connect
        with mock.patch.object(socket.socket, "connect", lambda sock, _: connect(sock, ("127.0.0.1", server.port))):
            refused(web(resolve=lambda *_, **__: answers_of("8.8.8.8")), "http://example.com/")
    assert server.requests == []


def test_localhost_is_what_it_is() -> None:
    with serving(always(answer(CLIP))) as server:
        for host in ("localhost", "localhost.", "LOCALHOST", "127.1", "2130706433"):
            refused(web(), server.url(host=host))
    assert server.requests == []


@pytest.mark.parametrize(
    ("raised", "retryable"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), False),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), True),
    ],
)
def test_a_name_that_is_not_known_fails(raised: OSError, *, retryable: bool) -> None:
    def resolve(*_: Any, **__: Any) -> Any:
        raise raised

    error = failure(web(resolve=resolve), "http://unknown.example/")
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, retryable)


def test_a_name_without_addresses_fails() -> None:
    assert failure(web(resolve=lambda *_, **__: []), "http://unknown.example/").code is ErrorCode.FETCH_FAILED


# -- answers that are none ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        (201, False),
        (204, False),
        (206, False),
        (304, False),
        (101, False),
        (103, False),
        (400, False),
        (401, False),
        (403, False),
        (404, False),
        (410, False),
        (408, True),
        (425, True),
        (429, True),
        (500, True),
        (502, True),
        (503, True),
        (504, True),
        (599, True),
        (999, False),
    ],
)
def test_only_200_is_a_file(status: int, *, retryable: bool) -> None:
    error = failure_of(always(answer(CLIP, status=f"{status} Whatever")))
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, retryable)
    assert str(status) in error.caller_text


@pytest.mark.parametrize(
    "data",
    [
        answer(CLIP, "Content-Encoding: gzip"),
        answer(CLIP, "Content-Encoding: br"),
        answer(CLIP, "Transfer-Encoding: gzip, chunked"),
        answer(CLIP, "Transfer-Encoding: identity"),
        answer(CLIP, "Content-Length: 5", "Content-Length: 6"),
        answer(CLIP, "Content-Length: -1"),
        answer(CLIP, "Content-Length: +5"),
        answer(CLIP, "Content-Length: 1_0"),
        answer(CLIP, "Content-Length: 5, 5"),
    ],
)
def test_a_body_that_may_mean_two_things_is_refused(data: bytes) -> None:
    error = failure_of(always(data))
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000,
        b"HTTP/1." + b"1" * 70_000,
        answer(CLIP[:-1], f"Content-Length: {len(CLIP)}"),
        answer(b"5\r\nabc", "Transfer-Encoding: chunked"),
        answer(b"5\r\nabcde\r\n", "Transfer-Encoding: chunked"),
        answer(b"xyz\r\nabcde\r\n", "Transfer-Encoding: chunked"),
        answer(b"5" * 70_000, "Transfer-Encoding: chunked"),
    ],
)
def test_an_answer_that_breaks_off_or_is_no_http_is_tried_again(data: bytes) -> None:
    error = failure_of(always(data))
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, True)


def test_a_port_where_nobody_listens_is_tried_again() -> None:
    with serving(always(b"")) as server:
        pass
    error = failure(web(server), server.url())
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, True)


# -- too much, too slow ------------------------------------------------------------------------------


def endless(data: bytes, head: bytes = b"") -> Behaviour:
    def behave(exchange: Exchange) -> None:
        exchange.send(head)
        while not exchange.over.is_set():
            exchange.send(data)

    return behave


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "behave",
    [
        always(answer(b"", f"Content-Length: {MOST + 1}")),
        always(answer(b"", f"Content-Length: {10**30}")),
        endless(b"x" * 4096, HEAD + b"\r\n"),
        endless(b"400\r\n" + b"x" * 1024 + b"\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
    ],
)
def test_more_than_the_most_is_too_large(behave: Behaviour) -> None:
    error = failure_of(behave)
    assert (error.code, error.retryable) == (ErrorCode.FETCH_TOO_LARGE, False)
    assert str(MOST) in error.caller_text


def test_the_most_is_not_too_large() -> None:
    with serving(always(answer(bytes(MOST)))) as server:
        assert len(fetch(web(server), server.url()).content) == MOST


@pytest.mark.parametrize(
    "behave",
    [
        endless(b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\n"),
        endless(b"A: b\r\n" * 100, HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"),
        endless(b"1;" + b"y" * 60_000 + b"\r\nx\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
    ],
)
def test_framing_without_content_ends(behave: Behaviour) -> None:
    error = failure_of(behave)
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, False)


def test_a_server_that_says_nothing_is_given_up() -> None:
    def behave(exchange: Exchange) -> None:
        exchange.over.wait(5)

    started = time.monotonic()
    error = failure_of(behave, silence_s=0.1)
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, True)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 ", HEAD, HEAD + b"A: "])
def test_headers_that_drip_are_given_up(head: bytes) -> None:
    def behave(exchange: Exchange) -> None:
        exchange.send(head)
        exchange.drip(b"1", 0.02)

    started = time.monotonic()
    error = failure_of(behave, answer_s=0.2)
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, True)
    assert time.monotonic() - started < 1


def test_redirects_take_no_longer_together_than_one_answer_may() -> None:
    def behave(exchange: Exchange) -> None:
        exchange.over.wait(0.15)
        exchange.send(answer(b"", "Location: /next", status="302 Found"))

    with serving(behave) as server:
        error = failure(web(server, answer_s=0.4), server.url())
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, True)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"Content-Length: 1000\r\n\r\n",
        HEAD + b"\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n",
    ],
)
def test_a_body_that_drips_ends_with_the_deadline(head: bytes) -> None:
    def behave(exchange: Exchange) -> None:
        exchange.send(head)
        exchange.drip(b"1", 0.02)

    started = time.monotonic()
    error = failure_of(behave, seconds=0.3)
    assert (error.code, error.retryable) == (ErrorCode.DEADLINE_EXCEEDED, False)
    assert time.monotonic() - started < 1.5


def test_a_body_may_take_longer_than_the_headers() -> None:
    def behave(exchange: Exchange) -> None:
        exchange.send(answer(b"a", "Content-Length: 2"))
        exchange.over.wait(0.3)
        exchange.send(b"b")

    with serving(behave) as server:
        assert fetch(web(server, answer_s=0.2), server.url()).content == b"ab"


def test_a_body_that_falls_silent_is_tried_again() -> None:
    def behave(exchange: Exchange) -> None:
        exchange.send(answer(b"a", "Content-Length: 2"))
        exchange.over.wait(5)

    error = failure_of(behave, silence_s=0.1)
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, True)


def test_without_time_nobody_is_asked() -> None:
    with serving(always(answer(CLIP))) as server:
        error = failure(web(server), server.url(), seconds=0)
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, True)
    assert server.requests == []


def test_an_error_of_whoever_reads_is_his_own() -> None:
    with (
        serving(always(answer(CLIP))) as server,
        pytest.raises(ConnectionError, match="mine"),
        web(server).fetch(server.url(), most_bytes=MOST, deadline=Deadline.after(5)),
    ):
        raise ConnectionError("mine")


# -- POST --------------------------------------------------------------------------------------------


def post(server: OutsideServer, body: bytes = b"{}", outside: OutsideWeb | None = None) -> int:
    return (outside or web(server)).post(
        server.url("/hook?x"), body, {"Content-Type": "application/json"}, deadline=Deadline.after(5)
    )


@pytest.mark.parametrize("status", [200, 204, 302, 307, 400, 500])
def test_a_post_is_answered_with_its_status_and_no_redirect_is_followed(status: int) -> None:
    with serving(always(answer(b"x", "Location: /elsewhere", status=f"{status} Whatever"))) as server:
        assert post(server, b'{"a": 1}') == status
    assert len(server.requests) == 1
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hook?x HTTP/1.1\r\n")
    assert b"\r\nContent-Type: application/json" in head
    assert b"\r\nContent-Length: 8" in head
    assert body == b'{"a": 1}'


@pytest.mark.parametrize(
    "behave",
    [
        endless(b"x" * 4096, HEAD + b"\r\n"),
        always(answer(b"5\r\nabc", "Transfer-Encoding: chunked")),
        always(answer(b"", "Content-Length: 99")),
    ],
)
def test_what_follows_the_status_of_a_post_does_not_matter(behave: Behaviour) -> None:
    with serving(behave) as server:
        assert post(server) == 200


def test_a_reply_that_drips_holds_a_post_no_longer_than_an_answer_may_take() -> None:
    def behave(exchange: Exchange) -> None:
        exchange.send(HEAD + b"\r\n")
        exchange.drip(b"x", 0.02)

    started = time.monotonic()
    with serving(behave) as server:
        assert post(server, outside=web(server, answer_s=0.2)) == 200
    assert time.monotonic() - started < 1


def test_a_post_goes_to_no_private_address() -> None:
    with serving(always(answer())) as server:
        with pytest.raises(CliploopError) as raised:
            post(server, outside=web())
        assert raised.value.code is ErrorCode.ADDRESS_REFUSED
    assert server.requests == []


def test_a_post_to_somebody_who_reads_nothing_ends() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1)
    with listener:
        server = OutsideServer(listener.getsockname()[1])
        with pytest.raises(CliploopError) as raised:
            post(server, bytes(20_000_000), web(server, silence_s=0.2, answer_s=0.4))
    assert (raised.value.code, raised.value.retryable) == (ErrorCode.FETCH_FAILED, True)


# -- TLS ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trust:
    """A server's side of TLS for ``trusted.example`` and 127.0.0.1, and the side of whoever trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(certificate())
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return Trust(server, ssl.create_default_context(cafile=str(path)))


def certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "trusted.example")])
    names = [x509.DNSName("trusted.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + made.public_bytes(encoding)


def to_this_machine(_host: str, port: int, **kind: Any) -> Any:
    return socket.getaddrinfo("127.0.0.1", port, **kind)


def secure(server: OutsideServer, tls: ssl.SSLContext, silence_s: float = 2) -> OutsideWeb:
    hosts = ("trusted.example", "other.example", "127.0.0.1")
    allowed = AllowedTargets.read(",".join(f"{host}:{server.port}" for host in hosts))
    return web(tls=tls, resolve=to_this_machine, allowed=allowed, silence_s=silence_s)


@pytest.mark.parametrize("host", ["trusted.example", "TRUSTED.example.", "127.0.0.1"])
def test_tls_is_spoken_with_the_host_that_was_named(trust: Trust, host: str) -> None:
    named: list[str | None] = []
    trust.server.sni_callback = lambda _socket, name, _context: named.append(name)
    with serving(always(answer(CLIP)), trust.server) as server:
        assert fetch(secure(server, trust.client), server.url(host=host, scheme="https")).content == CLIP
    assert named == [None if host == "127.0.0.1" else "trusted.example"]


@pytest.mark.parametrize("host", ["other.example", "trusted.example"])
def test_a_certificate_for_somebody_else_or_of_nobody_is_not_accepted(trust: Trust, host: str) -> None:
    with serving(always(answer(CLIP)), trust.server) as server:
        client = trust.client if host == "other.example" else UNTRUSTING
        error = failure(secure(server, client), server.url(host=host, scheme="https"))
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, False)
    assert "certificate" in error.caller_text
    assert server.requests == []


def test_a_redirect_out_of_tls_is_refused(trust: Trust) -> None:
    with serving(redirect("http://trusted.example/"), trust.server) as server:
        refused(secure(server, trust.client), server.url(host="trusted.example", scheme="https"))


def test_a_redirect_into_tls_is_followed(trust: Trust) -> None:
    with (
        serving(always(answer(CLIP)), trust.server) as inner,
        serving(redirect(inner.url(scheme="https"))) as outer,
    ):
        assert fetch(web(outer, inner, tls=trust.client), outer.url()).content == CLIP


def test_whoever_speaks_no_tls_is_tried_again(trust: Trust) -> None:
    with serving(always(answer(CLIP))) as server:
        error = failure(secure(server, trust.client), server.url(host="trusted.example", scheme="https"))
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, True)


def test_whoever_keeps_quiet_in_the_handshake_is_given_up(trust: Trust) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = OutsideServer(listener.getsockname()[1])
        outside = secure(server, trust.client, silence_s=0.1)
        error = failure(outside, server.url(host="trusted.example", scheme="https"))
    assert (error.code, error.retryable) == (ErrorCode.FETCH_FAILED, True)


def test_nothing_of_an_address_but_its_path_is_in_a_log() -> None:
    with serving(always(answer(b"", status="404 Not Found"))) as server:
        error = failure(web(server), server.url("/clip.mp4?X-Amz-Signature=secret"))
    assert "secret" not in error.log_text + error.caller_text
    assert "/clip.mp4" in error.log_text
