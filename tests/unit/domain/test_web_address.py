"""Addresses that somebody else wrote: what they are read as, and what is never gone to."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.web_address import (
    MAX_ADDRESS,
    AllowedTargets,
    WebAddress,
    is_public,
    literal_is_refused,
    read_web_address,
)

#: Hosts, and the address that each is; none of them is public.
LITERALS = {
    "127.0.0.1": "127.0.0.1",
    "127.0.0.1.": "127.0.0.1",
    "2130706433": "127.0.0.1",
    "017700000001": "127.0.0.1",
    "0x7f000001": "127.0.0.1",
    "0X7F000001": "127.0.0.1",
    "0x7f.0.0.1": "127.0.0.1",
    "0177.0.0.1": "127.0.0.1",
    "0177.0x0.00.01": "127.0.0.1",
    "127.1": "127.0.0.1",
    "127.0.1": "127.0.0.1",
    "127.65535": "127.0.255.255",
    "0x7f.1": "127.0.0.1",
    "00000000177.1": "127.0.0.1",
    "0": "0.0.0.0",  # noqa: S104  # the address of this very host
    "0x": "0.0.0.0",  # noqa: S104
    "0.0.0.0": "0.0.0.0",  # noqa: S104
    "10.1.2.3": "10.1.2.3",
    "10.66051": "10.1.2.3",
    "100.64.0.1": "100.64.0.1",
    "100.100.100.200": "100.100.100.200",
    "168.63.129.16": "168.63.129.16",
    "169.254.169.254": "169.254.169.254",
    "2852039166": "169.254.169.254",
    "0xA9FEA9FE": "169.254.169.254",
    "0251.0376.0251.0376": "169.254.169.254",
    "169.254.43518": "169.254.169.254",
    "169.254.170.2": "169.254.170.2",
    "172.16.0.1": "172.16.0.1",
    "172.31.255.255": "172.31.255.255",
    "192.0.0.192": "192.0.0.192",
    "192.0.2.1": "192.0.2.1",
    "192.88.99.1": "192.88.99.1",
    "192.168.0.1": "192.168.0.1",
    "198.18.0.1": "198.18.0.1",
    "198.19.255.255": "198.19.255.255",
    "198.51.100.7": "198.51.100.7",
    "203.0.113.7": "203.0.113.7",
    "224.0.0.1": "224.0.0.1",
    "240.0.0.1": "240.0.0.1",
    "255.255.255.255": "255.255.255.255",
    "１２７.0.0.1": "127.0.0.1",
    "127。0。0。1": "127.0.0.1",
    "127．0｡0.1": "127.0.0.1",
    "①②⑦.⓪.⓪.①": "127.0.0.1",
    "𝟏𝟐𝟕.𝟎.𝟎.𝟏": "127.0.0.1",
    "０ｘ７ｆ.1": "127.0.0.1",
    "[::]": "::",
    "[::1]": "::1",
    "[0:0:0:0:0:0:0:1]": "::1",
    "[::ffff:127.0.0.1]": "::ffff:127.0.0.1",
    "[::ffff:7f00:1]": "::ffff:127.0.0.1",
    "[::FFFF:8.8.8.8]": "::ffff:8.8.8.8",
    "[::127.0.0.1]": "::7f00:1",
    "[::ffff:0:127.0.0.1]": "::ffff:0:7f00:1",
    "[64:ff9b::10.0.0.1]": "64:ff9b::a00:1",
    "[64:ff9b::808:808]": "64:ff9b::808:808",
    "[64:ff9b:1::7f00:1]": "64:ff9b:1::7f00:1",
    "[100::1]": "100::1",
    "[2001::4136:e378:8000:63bf:3fff:fdd2]": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "[2001:2::1]": "2001:2::1",
    "[2001:10::1]": "2001:10::1",
    "[2001:db8::1]": "2001:db8::1",
    "[2002:7f00:1::]": "2002:7f00:1::",
    "[2002:808:808::1]": "2002:808:808::1",
    "[3fff::1]": "3fff::1",
    "[5f00::1]": "5f00::1",
    "[2a00:1450::5efe:a00:1]": "2a00:1450::5efe:a00:1",
    "[2a00:1450::200:5efe:a00:1]": "2a00:1450::200:5efe:a00:1",
    "[fc00::1]": "fc00::1",
    "[fd00:ec2::254]": "fd00:ec2::254",
    "[fe80::1]": "fe80::1",
    "[fec0::1]": "fec0::1",
    "[ff02::1]": "ff02::1",
}
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "128.0.0.1",
    "168.63.129.15",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2003::1",
    "2600:1f14::1",
    "2a00:1450:4001::5eff:1:1",
    "3fff:1000::1",
]

#: Addresses that are none, and a word of what is said about each.
UNREADABLE = {
    "": "begin",
    "example.com/a.mp4": "begin",
    "//example.com/a.mp4": "begin",
    "ftp://example.com/a.mp4": "begin",
    "file:///etc/passwd": "begin",
    "gopher://127.0.0.1:6379/_INFO": "begin",
    "data:video/mp4;base64,AAAA": "begin",
    "s3://bucket/key": "begin",
    "jar:http://example.com!/": "begin",
    "javascript:alert(1)": "begin",
    "http:example.com": "begin",
    "http:/example.com": "begin",
    "http:///a.mp4": "host",
    "http://": "host",
    "http://?a": "host",
    "http://#@example.com": "host",
    "http://:80/": "host",
    "https://user@example.com/": "password",
    "https://user:secret@example.com/": "password",
    "https://example.com:80@127.0.0.1/": "password",
    "https://@example.com/": "password",
    "http://1.1.1.1@2.2.2.2@3.3.3.3/": "password",
    "http://example.com\\@127.0.0.1/": "backslash",
    "http:\\\\example.com\\": "backslash",
    "http://example.com/a b": "space",
    " http://example.com/": "space",
    "http://example.com/\r\nHost: 127.0.0.1": "space",
    "http://example.com/\n": "space",
    "http://exa\tmple.com/": "space",
    "http://example.com/\x00": "space",
    "http://example.com/\x7f": "space",
    "http://example.com/\x85": "space",
    "http://example.com/\u2028": "space",
    "http://example.com/\u3000": "space",
    "http://example.com/\ud800": "space",
    "http://example.com:0/": "port",
    "http://example.com:65536/": "port",
    "http://example.com:99999999999999999999/": "port",
    "http://example.com:-1/": "port",
    "http://example.com:+80/": "port",
    "http://example.com:8_0/": "port",
    "http://example.com:８０/": "port",
    "http://example.com:80:80/": "port",
    "http://example.com:http/": "port",
    "http://::1/": "host",
    "http://example.com:000443/": "port",
    "http://fe80::1/": "port",
    "http://[::1/": "host",
    "http://::1]/": "host",
    "http://[::1]x/": "host",
    "http://[[::1]]/": "host",
    "http://[]/": "brackets",
    "http://[127.0.0.1]/": "brackets",
    "http://[example.com]/": "brackets",
    "http://[v1.x]/": "brackets",
    "http://[fe80::1%25eth0]/": "zone",
    "http://[fe80::1%eth0]/": "zone",
    "http://[::ffff:127.0.0.1%1]/": "zone",
    "http://./": "host",
    "http://../": "host",
    "http://.example.com/": "host",
    "http://example..com/": "host",
    "http://example.com../": "host",
    "http://exa%6dple.com/": "host",
    "http://127%2e0.0.1/": "host",
    "http://exa$mple.com/": "host",
    "http://example.com,127.0.0.1/": "host",
    "http://*.example.com/": "host",
    "http://℀.example.com/": "host",
    f"http://{'a' * 64}.com/": "host",
    f"http://{'ü' * 63}.com/": "host",
    f"http://{'a.' * 127}com/": "host",
    "http://256.1.1.1/": "IPv4",
    "http://1.2.3.4.5/": "IPv4",
    "http://1.2.3.4.0/": "IPv4",
    "http://1.2.3.4.0.0/": "IPv4",
    "http://4294967296/": "IPv4",
    "http://0x100000000/": "IPv4",
    "http://127.0.0.08/": "IPv4",
    "http://127.0.0.0xg/": "IPv4",
    "http://1.65536.1/": "IPv4",
    "http://1_0.1/": "IPv4",
    "http://-1.1/": "IPv4",
    "http://example.1/": "IPv4",
    f"http://example.com/{'a' * MAX_ADDRESS}": "characters",
}


def refusal(text: str) -> CliploopError:
    with pytest.raises(CliploopError) as raised:
        read_web_address(text)
    return raised.value


@pytest.mark.parametrize(("host", "ip"), LITERALS.items())
@pytest.mark.parametrize("form", ["http://{}/a.mp4", "HTTPS://{}:8443?a"])
def test_an_address_that_is_not_public_is_refused_however_it_is_written(host: str, ip: str, form: str) -> None:
    address = read_web_address(form.format(host))
    assert address.ip == ip_address(ip)
    assert literal_is_refused(address)


@pytest.mark.parametrize("host", PUBLIC)
def test_a_public_address_is_not_refused(host: str) -> None:
    address = read_web_address(f"http://[{host}]/" if ":" in host else f"http://{host}/")
    assert address.ip == ip_address(host)
    assert not literal_is_refused(address)


@pytest.mark.parametrize(("text", "word"), UNREADABLE.items())
def test_what_is_not_an_address_of_the_web_is_refused_with_a_reason(text: str, word: str) -> None:
    error = refusal(text)
    assert (error.code, error.retryable) == (ErrorCode.ADDRESS_REFUSED, False)
    assert word in error.caller_text
    assert error.caller_text.startswith("The address ")


def test_a_refusal_repeats_no_secret() -> None:
    for text in ("https://user:secret@example.com/", "http://ex ample.com/?key=secret", "http://a:b/?secret"):
        error = refusal(text)
        assert "secret" not in error.caller_text + error.log_text


@pytest.mark.parametrize(
    ("text", "url", "authority"),
    [
        ("http://example.com", "http://example.com/", "example.com"),
        ("HTTP://EXAMPLE.com.:80/A?b#c", "http://example.com/A?b", "example.com"),
        ("https://example.com:443/%2F%zz", "https://example.com/%2F%zz", "example.com"),
        ("https://example.com:80/", "https://example.com:80/", "example.com:80"),
        ("https://example.com:", "https://example.com/", "example.com"),
        ("https://example.com?a=/../b", "https://example.com/?a=/../b", "example.com"),
        (
            "https://münchen.de/ü?q=é&r='|\"",
            "https://xn--mnchen-3ya.de/%C3%BC?q=%C3%A9&r='%7C%22",
            "xn--mnchen-3ya.de",
        ),
        ("http://[2A00:1450:0::1]:8080/", "http://[2a00:1450::1]:8080/", "[2a00:1450::1]:8080"),
        ("http://134744072/", "http://8.8.8.8/", "8.8.8.8"),
        ("http://my_host/", "http://my_host/", "my_host"),
        ("http://1password.com/", "http://1password.com/", "1password.com"),
        ("http://e\u00adxample\u200b.com/", "http://example.com/", "example.com"),
    ],
)
def test_what_is_read_is_normalised(text: str, url: str, authority: str) -> None:
    address = read_web_address(text)
    assert (address.url, address.authority) == (url, authority)
    assert read_web_address(address.url) == address


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("", "source"),
        ("/", "source"),
        ("/a/b.mp4", "b.mp4"),
        ("/a/b.mp4?c/d.mp4#e", "b.mp4"),
        ("/a/", "source"),
        ("/..", "source"),
        ("/%2e%2e", "source"),
        ("/a%2Fb%5Cc.mp4", "c.mp4"),
        ("/%E7%8C%AB.mp4", "猫.mp4"),
        ("/猫.mp4", "猫.mp4"),
        ("/%0d%0aX.mp4%00", "X.mp4"),
        ("/%E2%80%AEgpm.exe", "gpm.exe"),
        ("/%FF.mp4", "\ufffd.mp4"),
        ("/%20%20", "source"),
        ("/" + "%E7%8C%AB" * 100, "猫" * 85),
    ],
)
def test_a_files_name_is_the_end_of_the_path(path: str, name: str) -> None:
    assert read_web_address(f"https://example.com{path}").name == name


def test_a_query_stays_out_of_logs() -> None:
    assert "secret" not in repr(read_web_address("https://example.com/a?X-Amz-Signature=secret"))


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b", "http://example.com:81/b"),
        ("c?d", "http://example.com:81/a/c?d"),
        ("//other.example/", "http://other.example/"),
        ("https://other.example", "https://other.example/"),
        ("ü", "http://example.com:81/a/%C3%BC"),
    ],
)
def test_a_redirect_leads_from_where_it_stood(location: str, url: str) -> None:
    assert read_web_address("http://example.com:81/a/b?x").follow(location).url == url


@pytest.mark.parametrize(
    "location",
    [
        "http://example.com/",
        "//u:p@example.com/",
        "file:///etc/passwd",
        "http://[::1",
        "/a b",
        "/a\r\nb",
        "/" + "a" * 9_999,
    ],
)
def test_a_redirect_to_what_is_no_address_or_out_of_tls_is_refused(location: str) -> None:
    with pytest.raises(CliploopError) as raised:
        read_web_address("https://example.com/").follow(location)
    assert raised.value.code is ErrorCode.ADDRESS_REFUSED


def test_an_allowed_target_is_one_host_and_port() -> None:
    allowed = AllowedTargets.read(" intranet.example:8080, 10.0.0.1:80 ,[fd00::1]:443,")
    for url in ("http://INTRANET.example:8080/x", "http://10.0.0.1", "https://[fd00::0:1]/"):
        assert allowed.permits(read_web_address(url))
        assert not literal_is_refused(read_web_address(url), allowed)
    for url in (
        "http://intranet.example/",
        "http://10.0.0.1:81",
        "http://10.0.0.2",
        "http://a.intranet.example:8080",
    ):
        assert not allowed.permits(read_web_address(url))
    assert literal_is_refused(read_web_address("https://10.0.0.1"), allowed)


def test_without_a_text_nothing_is_allowed() -> None:
    assert AllowedTargets.read(" ") == AllowedTargets()


@pytest.mark.parametrize("text", ["10.0.0.1", "10.0.0.0/8:80", "host:", "fd00::1:80", "a:80,b:x", "http://a:80"])
def test_what_is_no_host_and_port_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is not a host and a port"):
        AllowedTargets.read(text)


@given(st.ip_addresses(v=4))
def test_ipv4_that_is_not_global_for_python_is_not_public(ip: IPv4Address) -> None:
    assert ip.is_global or not is_public(ip)


@given(st.ip_addresses(v=6))
def test_ipv6_that_is_not_global_for_python_is_not_public(ip: IPv6Address) -> None:
    assert ip.is_global or not is_public(ip)
    assert not is_public(IPv6Address(f"{ip}%1"))


@given(st.ip_addresses(v=4))
def test_no_address_of_ipv6_that_stands_for_one_of_ipv4_is_public(ip: IPv4Address) -> None:
    number = int(ip)
    carriers = [
        number,
        0xFFFF << 32 | number,
        0xFFFF << 48 | number,
        0x64_FF9B << 96 | number,
        0x64_FF9B_0001 << 80 | number,
        0x2002 << 112 | number << 80,
        0x2001_0000 << 96 | number << 64,
        0x2001_0000 << 96 | number ^ 0xFFFF_FFFF,
        0x2A00_1450 << 96 | 0x5EFE << 32 | number,
        0x2A00_1450 << 96 | 0x0200_5EFE << 32 | number,
    ]
    assert [carrier for carrier in map(IPv6Address, carriers) if is_public(carrier)] == []


@given(
    st.lists(st.one_of(st.integers(0, 300), st.integers(0, 2**33)), min_size=1, max_size=5),
    st.lists(st.sampled_from(["{}", "0{:o}", "0x{:x}"]), min_size=5, max_size=5),
)
@example([1, 2, 3, 4, 0], ["{}"] * 5)
def test_numbers_are_read_as_inet_aton_reads_them(numbers: list[int], forms: list[str]) -> None:
    host = ".".join(form.format(number) for form, number in zip(forms, numbers, strict=False))
    try:
        ip = socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        assert "IPv4" in refusal(f"http://{host}/").caller_text
    else:
        assert read_web_address(f"http://{host}/").host == ip


@given(st.text(max_size=40), st.text(max_size=40))
@example("[::1]", "")
@example("0x", "")
def test_any_text_is_read_or_refused_and_never_ambiguous(host: str, rest: str) -> None:
    try:
        address = read_web_address(f"http://{host}/{rest}")
    except CliploopError as error:
        assert error.code is ErrorCode.ADDRESS_REFUSED
        return
    assert isinstance(address, WebAddress)
    assert address.url.isascii()
    assert read_web_address(address.url) == address
    assert address.name.isprintable() or " " in address.name
    assert not set(address.host) & set("@/\\?#% ")
