from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / ".local"
"""Everything that a run leaves behind while it lasts."""

REGION = "us-east-1"
ACCESS_KEY_ID = "test"  # the engine's root user; its rights are not limited, the functions' are
SECRET_ACCESS_KEY = "test"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed stack, as its users see it: addresses, names and the keys to call them with.

    `secret_id` and `secret_key` are an access key of the vendors' API. `private_target` is the one private address
    (`host:port`) that the stack fetches from and calls: a free port, to serve a source or hear of events there.
    """

    api: str
    aws_endpoint: str
    region: str
    aws_access_key_id: str
    aws_secret_access_key: str
    upload_bucket: str
    output_bucket: str
    table: str
    catalog_table: str
    bus: str
    project_id: str
    app_id: int
    uploads_queue_url: str
    work_queue_url: str
    callbacks_queue_url: str
    secret_id: str
    secret_key: str
    private_target: str

    def client(self, service: str) -> Any:
        """A boto3 client of the engine."""
        return connect(self.aws_endpoint, service)

    def save(self, path: Path) -> None:
        """Write the values for scripts."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")


def connect(endpoint: str, service: str) -> Any:
    """A client that ignores the user's AWS profile, so that nothing local ever reaches a real account."""
    no_profile = botocore.session.Session(
        {
            "profile": (None, [], None, None),
            "config_file": (None, [], os.devnull, None),
            "credentials_file": (None, [], os.devnull, None),
        }
    )
    session = boto3.Session(ACCESS_KEY_ID, SECRET_ACCESS_KEY, region_name=REGION, botocore_session=no_profile)
    factory: Any = session.client
    return factory(service, endpoint_url=endpoint, config=Config(proxies={}, retries={"total_max_attempts": 3}))
