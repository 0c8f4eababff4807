"""Secrets that the program must be able to use again, such as the address of a group robot: kept encrypted (AES-256-GCM) under a
key made of the installation's own secret, and bound to what they belong to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_NONCE = 12


def _key(purpose: str) -> bytes:
    return HKDF(SHA256(), 32, None, b"guanxi " + purpose.encode()).derive(settings.SECRET_KEY.encode())


def seal(purpose: str, of: UUID, text: str) -> str:
    """The text so that only this installation reads it, and only as this record's."""
    nonce = os.urandom(_NONCE)
    return base64.b64encode(nonce + AESGCM(_key(purpose)).encrypt(nonce, text.encode(), of.bytes)).decode()


def opened(purpose: str, of: UUID, sealed: str) -> str | None:
    """What was sealed; None when the installation's secret is another than it was, or it belongs to something else."""
    try:
        held = base64.b64decode(sealed)
        return AESGCM(_key(purpose)).decrypt(held[:_NONCE], held[_NONCE:], of.bytes).decode()
    except (InvalidTag, ValueError):
        return None


def fingerprint(purpose: str, text: str) -> str:
    """A sign by which this installation knows a text again, and nobody else learns it."""
    return hmac.new(_key(purpose), text.encode(), hashlib.sha256).hexdigest()[:24]
