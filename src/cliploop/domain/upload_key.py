"""Keys of objects that somebody else may put: nobody can guess one, and each means only itself."""

from __future__ import annotations

import re

from cliploop.domain.upload import APPLIED_PREFIX

#: Objects under this prefix came with a form that a browser was given for a client signature.
CLIENT_PREFIX = "client-uploads/"

#: In a policy ``*`` and ``?`` match anything and ``$`` begins a variable; a form's key replaces ``${filename}``; a
#: session policy holds no character beyond U+00FF (STS API reference, AssumeRole).
_EXACT = re.compile(r"[A-Za-z0-9_./-]+")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
#: Characters of a name in a key; what it is called in full is kept with the file.
_MAX_STEM = 64


def applied_key(project_id: str, nonce: str, name: str, media_type: str) -> str:
    """The key of an upload that was applied for; ``nonce`` is what nobody can guess."""
    return f"{APPLIED_PREFIX}{project_id}/{nonce}/{safe_name(name, media_type)}"


def client_key(project_id: str, nonce: str, name: str, media_type: str) -> str:
    """The key of a browser's upload; ``nonce`` is what nobody can guess."""
    return f"{CLIENT_PREFIX}{project_id}/{nonce}/{safe_name(name, media_type)}"


def safe_name(name: str, media_type: str) -> str:
    """What a file's name leaves for the end of its key: ASCII letters, digits, ``_`` and ``-``, and its type."""
    suffix = f".{media_type}"
    stem = name[: -len(suffix)] if name.lower().endswith(suffix) else name
    return f"{_UNSAFE.sub('-', stem)[:_MAX_STEM].strip('-') or 'media'}{suffix}"


def is_exact(key: str) -> bool:
    """Whether a policy that names ``key`` means this one key and no other."""
    return _EXACT.fullmatch(key) is not None
