"""Addresses that somebody else wrote: which ones are read, and which ones lead to where nobody may be sent."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Self
from urllib.parse import quote, unquote, urljoin

from cliploop.domain.errors import CliploopError, ErrorCode

#: Characters of an address. Longer ones are refused by many servers and proxies as well.
MAX_ADDRESS = 2_048
#: Bytes of a file's name in UTF-8, as file systems bound them.
MAX_NAME_BYTES = 255

_PORTS = {"http": 80, "https": 443}
_ADDRESS = re.compile(r"(?P<scheme>[a-z]+)://(?P<authority>[^/?#]*)(?P<target>[^#]*)(?:#.*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>.*))?")
#: Never part of an address. What some parsers drop and others keep makes one text mean two addresses.
_FORBIDDEN = re.compile(r"[\s\\\x00-\x20\x7f-\x9f\ud800-\udfff]")
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_NUMBER = re.compile(r"0x(?P<hex>[0-9a-f]*)|0(?P<octal>[0-7]*)|(?P<decimal>[1-9][0-9]*)")
#: RFC 1035 section 2.3.4.
_MAX_HOST = 253
#: What stays as it is in a path and query (RFC 3986, with what is percent-encoded already); the rest becomes UTF-8.
_SAFE = "%/?:@!$&'()*+,;=-._~[]"

#: IANA's special-purpose registry for IPv4, and what clouds answer at besides: 168.63.129.16 is Azure's; the others'
#: (169.254.169.254, 100.100.100.200, 192.0.0.192) lie in these blocks. ``is_global`` is not asked, for its answers
#: changed between patch releases of Python.
_NOT_PUBLIC_V4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "168.63.129.16/32",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
#: The only block that IANA gives global unicast addresses from. Outside of it lie ::1, IPv4-mapped and -compatible
#: addresses, NAT64, site-local, link-local, unique local (fd00:ec2::254) and multicast ones.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
#: Inside of it: protocol assignments with Teredo, documentation (twice) and 6to4.
_NOT_PUBLIC_V6 = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
#: The upper half of an ISATAP interface identifier (RFC 5214 section 6.1); the lower one is an IPv4 address.
_ISATAP = {0x0000_5EFE, 0x0200_5EFE}


def without_query(address: str) -> str:
    """An address may carry its own key in its query, which nobody needs any more once it has served."""
    return address.partition("#")[0].partition("?")[0]


@dataclass(frozen=True)
class WebAddress:
    """An address of the web, taken apart.

    Attributes:
        scheme: ``http`` or ``https``.
        host: in lower case and ASCII (IDNA); an IP address in its usual notation, IPv6 without brackets.
        port: the scheme's own where none was written.
        target: path and query, percent-encoded; begins with a slash. The query may be a secret.
    """

    scheme: str
    host: str
    port: int
    target: str

    def __repr__(self) -> str:
        """Without the query, which may carry a key."""
        return f"WebAddress({self.scheme}://{self.authority}{self.target.partition('?')[0]})"

    @property
    def authority(self) -> str:
        """What a ``Host`` header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address, normalised."""
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def ip(self) -> IPv4Address | IPv6Address | None:
        """The address that the host is, or None where it is a name."""
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None

    @property
    def name(self) -> str:
        """The last part of the path, decoded, fit for a file's name; ``source`` where there is none."""
        text = re.split(r"[/\\]", unquote(self.target.partition("?")[0], errors="replace"))[-1]
        shown = "".join(each for each in text if not unicodedata.category(each).startswith("C")).strip()
        name = shown.encode()[:MAX_NAME_BYTES].decode(errors="ignore")
        return name if name.strip(".") else "source"

    def follow(self, location: str) -> WebAddress:
        """Where a redirect from here leads.

        Raises:
            CliploopError: ADDRESS_REFUSED, also where it would leave TLS.
        """
        if len(location) > MAX_ADDRESS or _FORBIDDEN.search(location):
            raise _refused("redirects to what is not an address.")
        try:
            there = read_web_address(urljoin(self.url, location))
        except ValueError:  # a bracket in the wrong place
            raise _refused("redirects to what is not an address.") from None
        if (self.scheme, there.scheme) == ("https", "http"):
            raise _refused("redirects from https to http; name the last address yourself.")
        return there


@dataclass(frozen=True)
class AllowedTargets:
    """Hosts and ports that may be reached although they are not public, exactly as an address names them."""

    pairs: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def read(cls, text: str) -> Self:
        """Read ``host:port,host:port``; IPv6 addresses stand in brackets.

        Raises:
            ValueError: naming the part that is not a host and a port.
        """
        return cls(frozenset(_pair(part.strip()) for part in text.split(",") if part.strip()))

    def permits(self, address: WebAddress) -> bool:
        """Whether the host and port of ``address`` are among them."""
        return (address.host, address.port) in self.pairs


def read_web_address(text: str) -> WebAddress:
    """Read an address that a caller wrote.

    Raises:
        CliploopError: ADDRESS_REFUSED, saying what is wrong with it; its text is not repeated.
    """
    if len(text) > MAX_ADDRESS:
        raise _refused(f"has {len(text)} characters; at most {MAX_ADDRESS} are read.")
    if _FORBIDDEN.search(text):
        raise _refused("holds a space, a backslash or a control character; percent-encode it.")
    match = _ADDRESS.fullmatch(text)
    if match is None or match["scheme"].lower() not in _PORTS:
        raise _refused("must begin with http:// or https://.")
    if "@" in match["authority"]:
        raise _refused("carries a user name or a password before an @; use a signed address instead.")
    scheme = match["scheme"].lower()
    host, port = _host_and_port(match["authority"])
    target = quote(match["target"], safe=_SAFE)
    return WebAddress(
        scheme, host, _PORTS[scheme] if port is None else port, target if target[:1] == "/" else f"/{target}"
    )


def is_public(ip: IPv4Address | IPv6Address) -> bool:
    """Whether ``ip`` belongs to the public internet.

    Every form of IPv6 that stands for an IPv4 address is refused, whichever address that is: a host that can be
    reached by IPv4 says so itself.
    """
    if isinstance(ip, IPv4Address):
        return not any(ip in block for block in _NOT_PUBLIC_V4)
    if ip.scope_id is not None or ip not in _GLOBAL_V6 or any(ip in block for block in _NOT_PUBLIC_V6):
        return False
    return (int(ip) >> 32) & 0xFFFF_FFFF not in _ISATAP


def literal_is_refused(address: WebAddress, allowed: AllowedTargets = AllowedTargets()) -> bool:
    """Whether ``address`` names a host by an IP address that is not public; names are only known once looked up."""
    return address.ip is not None and not is_public(address.ip) and not allowed.permits(address)


def _host_and_port(authority: str) -> tuple[str, int | None]:
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise _refused("has a host that is not one; IPv6 addresses stand in brackets.")
    return _host(match["host"]), _port(match["port"] or "")


def _port(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 0 < int(text) < 65_536):  # noqa: PLR2004  # 16 bits
        raise _refused("has a port that is not a number from 1 to 65535.")
    return int(text)


def _host(text: str) -> str:
    if not text:
        raise _refused("names no host; write it as https://host/path.")
    if text.startswith("["):
        return _ipv6(text[1:-1])
    try:
        # Folds case, digits and dots of every alphabet (１２７。0。0。1), so it comes before anything is compared.
        host = text.encode("idna").decode("ascii").lower() if len(text) <= _MAX_HOST else ""
    except UnicodeError:
        host = ""
    host = host.removesuffix(".")  # example.com. is example.com
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused("has a host that is neither a name nor an IP address.")
    return _ipv4(labels) if _is_number(labels[-1]) else host


def _ipv6(text: str) -> str:
    try:
        ip = IPv6Address(text)
    except ValueError:
        raise _refused("has brackets around what is not an IPv6 address.") from None
    if ip.scope_id is not None:
        raise _refused("has an IPv6 address with a zone; only public addresses are fetched from.")
    return str(ip)


def _is_number(label: str) -> bool:
    """Whether a host that ends in ``label`` is an IPv4 address: no top-level domain is a number (WHATWG URL)."""
    return label.isdecimal() or label.startswith("0x")


def _ipv4(parts: list[str]) -> str:
    """One to four numbers as ``inet_aton`` reads them: decimal, octal or hex, the last filling what is left."""
    try:
        *head, tail = map(_number, parts)
        return str(IPv4Address(bytes([*head, *tail.to_bytes(max(1, 4 - len(head)))])))
    except (ValueError, OverflowError):
        raise _refused("has a host that ends in a number and is not an IPv4 address.") from None


def _number(text: str) -> int:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError
    if match["decimal"]:
        return int(match["decimal"])
    return int(match["octal"] or "0", 8) if match["hex"] is None else int(match["hex"] or "0", 16)


def _pair(text: str) -> tuple[str, int]:
    try:
        host, port = _host_and_port(text)
    except CliploopError:
        host, port = "", None
    if port is None:
        raise ValueError(f"{text!r} is not a host and a port, as in intranet.example:8080")
    return host, port


def _refused(what: str) -> CliploopError:
    return CliploopError(ErrorCode.ADDRESS_REFUSED, f"The address {what}")
