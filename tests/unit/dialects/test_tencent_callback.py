from __future__ import annotations

from hashlib import md5

from hypothesis import given
from hypothesis import strategies as st

from cliploop.dialects.tencent_vod.callback import sign

BODY = {"EventType": "ProcedureStateChanged", "DeliveryId": "d"}


def test_the_proof_is_the_md5_of_the_key_and_the_time_in_decimal() -> None:
    signed = sign(BODY, "abc", 1_700_000_000)
    # printf abc1700000600 | md5sum
    assert signed == BODY | {"T": 1_700_000_600, "Sign": "72939d310c7e73643378be53b1b92896"}


@given(st.from_regex(r"[A-Za-z0-9]{1,32}", fullmatch=True), st.integers(0, 2**33))
def test_a_receiver_who_has_the_key_can_check_it(key: str, now_s: int) -> None:
    signed = sign(BODY, key, now_s)
    assert now_s < signed["T"] <= now_s + 600
    assert signed["Sign"] == md5((key + str(signed["T"])).encode(), usedforsecurity=False).hexdigest()
    assert {name: value for name, value in signed.items() if name not in {"Sign", "T"}} == BODY
