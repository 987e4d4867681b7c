from __future__ import annotations

import os
import shutil
import ssl
from functools import cache
from pathlib import Path

from cliploop.domain.errors import CliploopError, ErrorCode

#: Where a Lambda layer's `bin` folder appears.
_LAYER = Path("/opt/bin/ffmpeg")
#: Amazon Linux keeps its certificates where a foreign OpenSSL does not look.
_AMAZON_LINUX_CERTIFICATES = "/etc/pki/tls/certs/ca-bundle.crt"


@cache
def ffmpeg() -> str:
    """The path of the ffmpeg to run: ``CLIPLOOP_FFMPEG``, the layer's, the one on PATH, then imageio-ffmpeg's.

    Raises:
        CliploopError: INTERNAL when there is none.
    """
    named = os.environ.get("CLIPLOOP_FFMPEG")
    if named:
        return _executable(named)
    if os.access(_LAYER, os.X_OK):
        return str(_LAYER)
    return shutil.which("ffmpeg") or _packaged()


@cache
def certificates() -> str | None:
    """A file of the certificate authorities to trust, or None when no place that we know has one.

    The packaged ffmpeg verifies servers, but its OpenSSL only looks in ``/etc/ssl/cert.pem``, so it has to be told.
    """
    places = (
        os.environ.get("AWS_CA_BUNDLE"),
        os.environ.get("SSL_CERT_FILE"),
        ssl.get_default_verify_paths().cafile,
        _AMAZON_LINUX_CERTIFICATES,
    )
    return next((place for place in places if place and Path(place).is_file()), None)


def _executable(path: str) -> str:
    if not os.access(path, os.X_OK):
        raise _missing(f"CLIPLOOP_FFMPEG names {path}, which is not an executable file")
    return path


def _packaged() -> str:
    try:
        # Lambda has the binary in a layer and not this package.
        from imageio_ffmpeg import get_ffmpeg_exe  # noqa: PLC0415

        return str(get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise _missing(f"no ffmpeg in /opt/bin, on PATH or in imageio-ffmpeg: {error}") from error


def _missing(log_text: str) -> CliploopError:
    return CliploopError(
        ErrorCode.INTERNAL,
        "The service cannot process videos at the moment; its operator has to install ffmpeg.",
        log_text=log_text,
    )
