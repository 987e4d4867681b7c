"""What every way to let others upload must do, and what the one on AWS really permits."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import boto3
import pytest
from botocore.config import Config

from cliploop.adapters.upload_grants import StsUploadGrants
from cliploop.application.ports_uploads import UploadGrants
from cliploop.testing import SettableClock
from cliploop.testing.in_memory_uploads import InMemoryUploadGrants

KEY = "cliploop-applied/0123/abcd/clip-1_x.mp4"
METADATA = {"procedure": "gif%201", "session-context": "a%26b"}
HOUR_S = 3_600


def sts_grants(role_arn: str = "arn:aws:iam::123456789012:role/Uploader") -> StsUploadGrants:
    config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    return StsUploadGrants(boto3.client("sts"), boto3.client("s3", config=config), role_arn, "uploads")


@pytest.fixture(params=["in memory", "moto"])
def grants(request: pytest.FixtureRequest) -> UploadGrants:
    if request.param == "in memory":
        return InMemoryUploadGrants(SettableClock(int(time.time()) * 1000))
    request.getfixturevalue("s3")
    return sts_grants()


def test_credentials_last_as_long_as_they_were_asked_for(grants: UploadGrants) -> None:
    granted = grants.credentials(KEY, HOUR_S)
    assert granted.key_id
    assert granted.token
    assert granted.secret
    assert abs(granted.expires_s - time.time() - HOUR_S) < 60


def test_credentials_and_forms_do_not_show_in_logs(grants: UploadGrants) -> None:
    granted = grants.credentials(KEY, HOUR_S)
    assert repr(granted) == f"TemporaryCredentials(key_id={granted.key_id!r}, expires_s={granted.expires_s})"
    form = grants.form(KEY, METADATA, 9, HOUR_S)
    assert repr(form) == f"PostForm(url={form.url!r})"


def test_a_form_says_where_and_what(grants: UploadGrants) -> None:
    form = grants.form(KEY, METADATA, 9, HOUR_S)
    assert form.url.startswith("https://")
    assert form.fields["key"] == KEY
    assert form.fields["x-amz-meta-procedure"] == "gif%201"
    assert form.fields["x-amz-meta-session-context"] == "a%26b"


@pytest.mark.parametrize("key", ["a*", "a?", "${filename}", "${aws:username}", "ü", "", "a b", 'a"', "a\n"])
def test_a_key_that_means_more_than_itself_is_an_error(grants: UploadGrants, key: str) -> None:
    asked: list[Callable[[], object]] = [
        lambda: grants.credentials(key, HOUR_S),
        lambda: grants.form(key, {}, 9, HOUR_S),
    ]
    for ask in asked:
        with pytest.raises(ValueError, match="more than one key"):
            ask()


# -- on AWS ---------------------------------------------------------------------------------------


def asked_of_sts(grants: StsUploadGrants, seconds: int) -> dict[str, Any]:
    """What the real client was about to send."""
    sent: list[dict[str, Any]] = []
    grants.sts.meta.events.register("before-parameter-build.sts.AssumeRole", lambda params, **_: sent.append(params))
    grants.credentials(KEY, seconds)
    (parameters,) = sent
    return parameters


def allows(document: Mapping[str, Any], action: str, resource: str) -> bool:
    return any(
        statement["Effect"] == "Allow"
        and any(fnmatchcase(action, pattern) for pattern in statement["Action"])
        and fnmatchcase(resource, statement["Resource"])
        for statement in document["Statement"]
    )


def test_the_credentials_put_this_one_object_and_nothing_else(aws: None) -> None:
    document = json.loads(asked_of_sts(sts_grants(), HOUR_S)["Policy"])
    own = f"arn:aws:s3:::uploads/{KEY}"
    for action in ("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"):
        assert allows(document, action, own)
        for other in (
            own + "x",
            own[:-1],
            "arn:aws:s3:::uploads/",
            "arn:aws:s3:::uploads",
            own.replace("uploads", "outputs"),
        ):
            assert not allows(document, action, other)
    for action in ("s3:GetObject", "s3:DeleteObject", "s3:PutObjectTagging", "s3:PutObjectAcl", "s3:ListBucket"):
        assert not allows(document, action, own)


def test_the_policy_is_written_in_the_partition_of_the_role(aws: None) -> None:
    grants = sts_grants("arn:aws-cn:iam::123456789012:role/Uploader")
    document = json.loads(asked_of_sts(grants, HOUR_S)["Policy"])
    assert document["Statement"][0]["Resource"] == f"arn:aws-cn:s3:::uploads/{KEY}"


@pytest.mark.parametrize(("seconds", "asked"), [(1, 900), (900, 900), (HOUR_S, HOUR_S)])
def test_sts_gives_a_quarter_of_an_hour_at_least(aws: None, seconds: int, asked: int) -> None:
    assert asked_of_sts(sts_grants(), seconds)["DurationSeconds"] == asked


def policy_of(fields: Mapping[str, str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(base64.b64decode(fields["policy"]))
    return document


def accepts(policy: Mapping[str, Any], sent: Mapping[str, str], size: int) -> bool:
    """Whether S3 takes a form for the bucket ``uploads`` with a file of ``size`` bytes: every condition must hold, and
    every field must have one (S3 API reference, POST policy)."""
    named = {"policy", "x-amz-signature"}
    for condition in policy["conditions"]:
        if isinstance(condition, list):
            kind, least, most = condition
            assert kind == "content-length-range"
            if not least <= size <= most:
                return False
            continue
        ((name, value),) = condition.items()
        if {"bucket": "uploads", **sent}.get(name) != value:
            return False
        named.add(name)
    return not sent.keys() - named


def test_every_condition_of_the_form_is_an_equality_or_the_size(aws: None) -> None:
    fields = sts_grants().form(KEY, METADATA, 9, HOUR_S).fields
    conditions = policy_of(fields)["conditions"]
    signed = ("x-amz-algorithm", "x-amz-credential", "x-amz-date")
    assert sorted(conditions, key=str) == sorted(
        [
            {"x-amz-meta-procedure": "gif%201"},
            {"x-amz-meta-session-context": "a%26b"},
            ["content-length-range", 1, 9],
            {"bucket": "uploads"},
            {"key": KEY},
            *({name: fields[name]} for name in signed),
        ],
        key=str,
    )
    assert fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"


def test_the_form_as_it_is_is_accepted(aws: None) -> None:
    fields = dict(sts_grants().form(KEY, METADATA, 9, HOUR_S).fields)
    assert accepts(policy_of(fields), fields, 1)
    assert accepts(policy_of(fields), fields, 9)


@pytest.mark.parametrize(
    "change",
    [
        {"x-amz-meta-procedure": "another"},
        {"x-amz-meta-procedure": "gif 1"},
        {"x-amz-meta-session-context": ""},
        {"x-amz-meta-section": "0,1"},
        {"x-amz-meta-tasks-priority": "10"},
        {"x-amz-meta-cliploop-attempt": "1"},
        {"key": KEY + "x"},
        {"key": "cliploop-applied/0123/abcd/${filename}"},
        {"acl": "public-read"},
        {"tagging": "<Tagging/>"},
        {"success_action_redirect": "https://example.com"},
    ],
)
def test_a_browser_can_change_nothing_of_it(aws: None, change: dict[str, str]) -> None:
    fields = dict(sts_grants().form(KEY, METADATA, 9, HOUR_S).fields)
    assert not accepts(policy_of(fields), fields | change, 5)


@pytest.mark.parametrize("left_out", ["x-amz-meta-procedure", "x-amz-meta-session-context", "key"])
def test_a_browser_can_leave_nothing_out(aws: None, left_out: str) -> None:
    fields = dict(sts_grants().form(KEY, METADATA, 9, HOUR_S).fields)
    policy = policy_of(fields)
    del fields[left_out]
    assert not accepts(policy, fields, 5)


@pytest.mark.parametrize("size", [0, 10])
def test_a_file_has_a_byte_at_least_and_no_more_than_was_said(aws: None, size: int) -> None:
    fields = dict(sts_grants().form(KEY, METADATA, 9, HOUR_S).fields)
    assert not accepts(policy_of(fields), fields, size)


def test_the_form_goes_to_the_buckets_own_region(aws: None) -> None:
    assert sts_grants().form(KEY, {}, 9, HOUR_S).url == "https://uploads.s3.eu-north-1.amazonaws.com/"
