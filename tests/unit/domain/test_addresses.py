"""How stored objects are named to the outside."""

from __future__ import annotations

import pytest

from cliploop.domain.addresses import Addresses
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.output import StoredImage

IMAGE = StoredImage("images", "p/1/a b+ü.gif", size=1, md5="", width=2, height=2, frames=1, duration_ms=100)
PATH = "p/1/a%20b%2B%C3%BC.gif"


@pytest.mark.parametrize(
    ("region", "public", "address"),
    [
        ("eu-west-1", "", f"https://images.s3.eu-west-1.amazonaws.com/{PATH}"),
        ("cn-north-1", "", f"https://images.s3.cn-north-1.amazonaws.com.cn/{PATH}"),
        ("eu-west-1", "https://cdn.example/x/", f"https://cdn.example/x/{PATH}"),
    ],
)
def test_an_image_has_an_address(region: str, public: str, address: str) -> None:
    assert Addresses(region, public).of_image(IMAGE) == address


def test_a_source_is_never_named_by_the_public_address() -> None:
    addresses = Addresses("eu-west-1", "https://cdn.example")
    assert (
        addresses.of_source(ObjectVersion("videos", "a/b.mp4", "v"))
        == "https://videos.s3.eu-west-1.amazonaws.com/a/b.mp4"
    )
