"""The second factor: a code from an authenticator (TOTP, RFC 6238), or one of ten recovery codes.

Secrets are kept encrypted under a key derived from the installation's secret and bound to their account; of recovery codes
only a keyed hash is kept. A code is taken once: whoever saw it typed cannot use it again.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from datetime import UTC, datetime
from uuid import UUID

import pyotp
import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction

from guanxi.kernel.storage import tables

STEP = 30
AROUND = (0, -1, 1)
"""Steps a clock may be off, the likeliest first."""
CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_NONCE = 12


def _key(purpose: str) -> bytes:
    return HKDF(SHA256(), 32, None, b"guanxi " + purpose.encode()).derive(settings.SECRET_KEY.encode())


def _locked(account: UUID, secret: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(_key("second factor")).encrypt(nonce, secret.encode(), account.bytes)


def _opened(row: tables.SecondFactor) -> str | None:
    """The secret, or None when the installation's own secret is another than it was."""
    held = bytes(row.secret)
    try:
        return AESGCM(_key("second factor")).decrypt(held[:_NONCE], held[_NONCE:], row.account_id.bytes).decode()
    except InvalidTag:
        return None


def _hash(account: UUID, code: str) -> str:
    plain = "".join(sign for sign in code.casefold() if sign.isalnum())
    return hmac.new(_key("recovery codes"), account.bytes + plain.encode(), hashlib.sha256).hexdigest()


def _row(account: UUID) -> tables.SecondFactor | None:
    return tables.SecondFactor.objects.filter(account_id=account).first()


def is_on(account: UUID) -> bool:
    return tables.SecondFactor.objects.filter(account_id=account, confirmed_at__isnull=False).exists()


def codes_left(account: UUID) -> int:
    row = _row(account)
    return len(row.recovery) if row is not None else 0


def begin(account: UUID) -> None:
    """A new secret, which counts once a code of it was given. One that counts already stays."""
    if not is_on(account):
        held = {"secret": _locked(account, pyotp.random_base32()), "step": 0, "recovery": []}
        tables.SecondFactor.objects.update_or_create(account_id=account, defaults=held)


def begun(account: UUID, username: str, issuer: str) -> tuple[str, str] | None:
    """(secret in groups of four, its picture as a data address) of a factor that waits for its first code."""
    row = _row(account)
    secret = _opened(row) if row is not None and row.confirmed_at is None else None
    if secret is None:
        return None
    address = pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=username, issuer_name=issuer)
    picture = segno.make(address, error="m", micro=False).svg_data_uri(scale=5, border=3, dark="#000", light="#fff")
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)), picture


def confirm(account: UUID, code: str) -> list[str] | None:
    """Take the first code: from now on it is asked for. The recovery codes, shown once; None for a wrong code."""
    row = _row(account)
    if row is None or row.confirmed_at is not None or not _fits(row, code):
        return None
    tables.SecondFactor.objects.filter(account_id=account).update(confirmed_at=datetime.now(UTC))
    return new_codes(account)


def new_codes(account: UUID) -> list[str]:
    """Ten new recovery codes; those from before are worth nothing."""
    made = ["-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2)) for _ in range(CODES)]
    tables.SecondFactor.objects.filter(account_id=account).update(recovery=[_hash(account, one) for one in made])
    return made


def take(account: UUID, code: str) -> str:
    """"totp" or "recovery" when the code is good, "" otherwise. Each is good once."""
    row = _row(account)
    if row is None or row.confirmed_at is None:
        return ""
    if _fits(row, code):
        return "totp"
    return "recovery" if _spend(account, code) else ""


def _fits(row: tables.SecondFactor, code: str) -> bool:
    """Whether it is the code of about now, and of a later step than the last one taken."""
    secret = _opened(row)
    digits = "".join(sign for sign in code if not sign.isspace())
    if secret is None or not (len(digits) == 6 and digits.isascii() and digits.isdigit()):
        return False
    totp = pyotp.TOTP(secret, interval=STEP)
    now = int(datetime.now(UTC).timestamp()) // STEP
    for step in (now + off for off in AROUND):
        if hmac.compare_digest(totp.generate_otp(step), digits):
            return bool(tables.SecondFactor.objects.filter(account_id=row.account_id, step__lt=step).update(step=step))
    return False


def _spend(account: UUID, code: str) -> bool:
    wanted = _hash(account, code)
    with transaction.atomic():
        row = tables.SecondFactor.objects.select_for_update().filter(account_id=account).first()
        left = [one for one in row.recovery if not hmac.compare_digest(one, wanted)] if row is not None else []
        if row is None or len(left) == len(row.recovery):
            return False
        row.recovery = left
        row.save(update_fields=["recovery"])
    return True


def remove(account: UUID) -> bool:
    return bool(tables.SecondFactor.objects.filter(account_id=account).delete()[0])
