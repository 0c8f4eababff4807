"""Passkeys (WebAuthn): a key on somebody's own device instead of name and password. The device asks for finger, face or PIN
itself, so one passkey is both factors. Only the public key is kept.

Each belongs to the host it was made on; browsers know none for an address of digits, so the program needs a name.
"""

from __future__ import annotations

import base64
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import webauthn
from django.http import HttpRequest
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from guanxi.base.errors import Conflict, Invalid, NotFound, Unauthenticated
from guanxi.base.text import T
from guanxi.kernel import accounts
from guanxi.kernel.records import people
from guanxi.kernel.storage import people as facts
from guanxi.kernel.storage import tables

CHALLENGE = "passkey"
WITHIN = timedelta(minutes=5)
MOST = 20
NAME = "Guanxi"


def host(request: HttpRequest) -> str:
    """The name passkeys belong to here, or nothing where there can be none."""
    name = request.get_host().rpartition(":")[0] if ":" in request.get_host() else request.get_host()
    with suppress(ValueError):
        ip_address(name.strip("[]"))
        return ""
    return name.casefold()


def _origin(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def _challenge(request: HttpRequest) -> bytes:
    made = os.urandom(32)
    request.session[CHALLENGE] = [base64.b64encode(made).decode(), datetime.now(UTC).isoformat()]
    return made


def _taken(request: HttpRequest) -> bytes:
    """The challenge of this session, which is good once. Raises Invalid."""
    text, at = request.session.pop(CHALLENGE, None) or ("", "")
    if not text or datetime.now(UTC) - datetime.fromisoformat(at) > WITHIN:
        raise _refused()
    return base64.b64decode(text)


def _refused() -> Invalid:
    return Invalid.field("passkey", "passkey", "通行密钥没有通过验证，请重试。", "The passkey was not accepted; try again.")


@dataclass(frozen=True)
class Shown:
    """A passkey as its owner sees it."""

    id: UUID
    label: str
    host: str
    created_at: datetime
    used_at: datetime | None


def of(account: UUID) -> list[Shown]:
    found = tables.Passkey.objects.filter(account_id=account).order_by("created_at")
    return [Shown(one.id, one.label, one.host, one.created_at, one.used_at) for one in found]


def begin(request: HttpRequest, password: str) -> dict[str, Any]:
    """What a browser needs to make a passkey for the session's account, whose password is asked again. Raises Invalid."""
    name = host(request)
    if not name:
        raise Invalid.field("passkey", "host", "请用域名而不是 IP 地址访问，才能使用通行密钥。", "Passkeys need a host name; this is an address of digits.")
    account = accounts.prove(request, password)
    known = tables.Passkey.objects.filter(account=account)
    if known.count() >= MOST:
        raise Conflict(T(f"最多 {MOST} 个通行密钥。", f"There may be {MOST} passkeys at most."))
    options = webauthn.generate_registration_options(
        rp_id=name, rp_name=NAME, user_name=account.username, user_id=account.id.bytes, challenge=_challenge(request),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=bytes(one.credential)) for one in known.filter(host=name)],
    )  # fmt: skip
    made: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return made


def add(request: HttpRequest, standing: facts.Standing, label: str, credential: str) -> None:
    """Keep the passkey a browser made. Raises Invalid."""
    label = label.replace("\x00", "").strip()[:100]
    if not label:
        raise Invalid.field("label", "required", "请给通行密钥起一个名字。", "Give the passkey a name.")
    challenge = _taken(request)
    try:
        made = webauthn.verify_registration_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=host(request), expected_origin=_origin(request), require_user_verification=True
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise _refused() from None
    if tables.Passkey.objects.filter(credential=made.credential_id).exists():
        raise _refused()
    tables.Passkey.objects.create(
        account_id=standing.account, credential=made.credential_id, public_key=made.credential_public_key, count=made.sign_count, host=host(request), label=label
    )
    accounts.note(request, "passkey", standing, label=label)


def remove(request: HttpRequest, standing: facts.Standing, id: UUID) -> None:
    """Raises NotFound."""
    found = tables.Passkey.objects.filter(id=id, account_id=standing.account).first()
    if found is None:
        raise NotFound()
    found.delete()
    accounts.note(request, "passkey_removed", standing, label=found.label)


def ask(request: HttpRequest) -> dict[str, Any]:
    """What a browser needs to sign somebody in; it offers the passkeys it knows for this host. Raises NotFound."""
    name = host(request)
    if not name:
        raise NotFound()
    options = webauthn.generate_authentication_options(rp_id=name, challenge=_challenge(request), user_verification=UserVerificationRequirement.REQUIRED)
    made: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return made


def sign_in(request: HttpRequest, credential: str) -> None:
    """Begin a session by a passkey: who it belongs to follows from it. Raises Invalid, TooManyRequests."""
    accounts.bounded(request, tables.DEFAULT_WORKSPACE)
    challenge = _taken(request)
    try:
        held = tables.Passkey.objects.select_related("account").filter(credential=base64url_to_bytes(json.loads(credential)["id"]), host=host(request)).first()
        if held is None:
            raise Unauthenticated()
        shown = webauthn.verify_authentication_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=held.host, expected_origin=_origin(request),
            credential_public_key=bytes(held.public_key), credential_current_sign_count=held.count, require_user_verification=True,
        )  # fmt: skip
        people.by_account(held.account_id)
    except (WebAuthnException, Unauthenticated, ValueError, KeyError, TypeError):
        accounts.failed(request, "passkey")
        raise _refused() from None
    accounts.begin(request, held.account, by="passkey")
    tables.Passkey.objects.filter(id=held.id).update(count=shown.new_sign_count, used_at=datetime.now(UTC))
