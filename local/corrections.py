"""What ministack 1.5.33 gets wrong of Lambda and S3 and this stack depends on, put right in the engine's process.

Each entry is a fact of AWS that `tests/infrastructure/test_local_engine.py` checks on the running engine. When a
newer engine passes without an entry, delete the entry.
"""

from __future__ import annotations

import json
import zipfile
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ministack.core import lambda_runtime
from ministack.services import apigateway, eventbridge, lambda_svc, s3

if TYPE_CHECKING:
    from local.front_door import App, Message, Send

# Put before the engine's worker script, which runs in the function's process.
_LAYERS_ON_PATH = """
import os
_layers = [d for d in os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep) if d]
os.environ["PATH"] = os.pathsep.join([os.path.join(d, "bin") for d in _layers] + [os.environ.get("PATH", "")])
"""


def apply(function_python: str) -> None:
    """Correct the engine before it serves. Functions will run on `function_python`."""
    _keep_modes_when_unpacking()
    _run_functions_like_lambda(function_python)
    _read_concurrency_as_a_number()
    _serve_ranges_of_versions()
    _name_the_version_in_events()
    _read_cors_as_templates_write_it()


def as_over_tls(app: App) -> App:
    """The engine, told that its callers use TLS: the buckets' policies refuse the others, and this is a loopback."""

    async def secured(scope: Message, receive: Any, send: Send) -> None:
        await app({**scope, "scheme": "https"} if scope["type"] == "http" else scope, receive, send)

    return secured


def _keep_modes_when_unpacking() -> None:
    """A layer's binary stays executable."""
    plain = zipfile.ZipFile.extractall

    def extract_with_modes(archive: zipfile.ZipFile, path: Any = None, *rest: Any, **options: Any) -> None:
        plain(archive, path, *rest, **options)
        for member in archive.infolist():
            if mode := member.external_attr >> 16 & 0o777:
                Path(path or ".", member.filename).chmod(mode)

    zipfile.ZipFile.extractall = extract_with_modes  # type: ignore[method-assign, assignment]


def _run_functions_like_lambda(python: str) -> None:
    """Layers' programs are on PATH, and the function sees its package, its layers and boto3, not our environment."""
    plain = lambda_runtime._detect_runtime_binary  # noqa: SLF001

    def detect(runtime: str) -> tuple[str, str]:
        _, script = plain(runtime)
        return python, _LAYERS_ON_PATH + script

    lambda_runtime._detect_runtime_binary = detect  # noqa: SLF001


def _read_concurrency_as_a_number() -> None:
    """`MaximumConcurrency: !Ref` of a Number parameter arrives as text, and the queue would never be polled."""
    plain = lambda_svc._sqs_esm_concurrency  # noqa: SLF001

    def concurrency(mapping: dict[str, Any], *rest: Any) -> int:
        scaling = {name: int(value) for name, value in (mapping.get("ScalingConfig") or {}).items()}
        return int(plain({**mapping, "ScalingConfig": scaling}, *rest))

    lambda_svc._sqs_esm_concurrency = concurrency  # noqa: SLF001


def _serve_ranges_of_versions() -> None:
    """GET with a version id and a Range answers with the range, not with the whole object."""
    plain = s3._get_object  # noqa: SLF001

    def get_object(bucket: str, key: str, headers: Any, query: Any = None) -> tuple[int, dict[str, str], Any]:
        status, reply, body = plain(bucket, key, headers, query)
        asked = headers.get("range", "")
        if status != 200 or not asked or not (query or {}).get("versionId"):  # noqa: PLR2004
            return status, reply, body
        span = s3._parse_range(asked, len(body))  # noqa: SLF001
        if span is None:
            error = s3._xml_body(s3._range_error_xml(bucket, key))  # noqa: SLF001
            return 416, {"Content-Type": "application/xml", "Content-Range": f"bytes */{len(body)}"}, error
        reply["Content-Range"] = f"bytes {span[0]}-{span[1]}/{len(body)}"
        reply["Content-Length"] = str(span[1] + 1 - span[0])
        return 206, reply, body[span[0] : span[1] + 1]

    s3._get_object = get_object  # noqa: SLF001


def _name_the_version_in_events() -> None:
    """S3's event on EventBridge carries the object's version id, where the bucket is versioned."""
    fired: ContextVar[str | None] = ContextVar("fired", default=None)
    plain_fire, plain_dispatch = s3._fire_s3_event, eventbridge._dispatch_event  # noqa: SLF001

    def fire(*event: Any, version_id: str | None = None, **rest: Any) -> None:
        token = fired.set(version_id)
        try:
            plain_fire(*event, version_id=version_id, **rest)
        finally:
            fired.reset(token)

    def dispatch(event: dict[str, Any], *rest: Any) -> Any:
        version_id = fired.get()
        if version_id and event["Source"] == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version_id
            event = {**event, "Detail": json.dumps(detail)}
        return plain_dispatch(event, *rest)

    s3._fire_s3_event, eventbridge._dispatch_event = fire, dispatch  # noqa: SLF001


def _read_cors_as_templates_write_it() -> None:
    """A template's `AllowOrigins` is the `allowOrigins` that preflights are answered by."""
    plain = apigateway._cors_response_headers, apigateway._cors_preflight_response  # noqa: SLF001

    def in_the_services_words(cors: dict[str, Any]) -> dict[str, Any]:
        return {name[:1].lower() + name[1:]: value for name, value in cors.items()}

    apigateway._cors_response_headers = lambda cors, origin: plain[0](in_the_services_words(cors), origin)  # noqa: SLF001
    apigateway._cors_preflight_response = lambda cors, origin: plain[1](in_the_services_words(cors), origin)  # noqa: SLF001
