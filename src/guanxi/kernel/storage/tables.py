"""The kernel's own tables: everything that is not a record of some object.

They are Django models so that migrations are ordinary; nothing reads or writes them through the ORM but accounts and
sessions, which Django's sign-in owns.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils import timezone

from guanxi.base.ids import uuid7

DEFAULT_WORKSPACE = UUID("00000000-0000-7000-8000-000000000001")


class Xid8Field(models.Field):  # type: ignore[type-arg]
    """A transaction's number, filled in by the database."""

    def db_type(self, connection: Any) -> str:
        return "xid8"


class Workspace(models.Model):
    """One company. The versions say when cached rights, catalogs and saved views are out of date; `upgraded` is the last migration of each
    part when the company's data were last brought to a version whole."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    name = models.TextField()
    currency = models.TextField(default="CNY")
    zone = models.TextField(default="Asia/Shanghai")
    fiscal_start = models.SmallIntegerField(default=1)
    area_code = models.TextField(default="")
    safety = models.JSONField(default=dict)
    access_version = models.BigIntegerField(default=1)
    catalog_version = models.BigIntegerField(default=1)
    views_version = models.BigIntegerField(default=1)
    upgraded = models.JSONField(db_default={})
    created_at = models.DateTimeField()

    class Meta:
        app_label = "kernel"
        db_table = "gx_workspace"


class AccountManager(BaseUserManager["Account"]):
    """Looks accounts up for Django's sign-in."""

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username=(username or "").strip().casefold())


class Account(AbstractBaseUser):
    """What signs in: a name and a password, belonging to one user record. The last administrator is never locked out."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    user_id = models.UUIDField()
    username = models.TextField(unique=True)
    must_change = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    failures = models.SmallIntegerField(default=0)
    failed_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)
    password_at = models.DateTimeField(default=timezone.now)
    former = models.JSONField(default=list)
    desk = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AccountManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        app_label = "kernel"
        db_table = "gx_account"


class Stranger(models.Model):
    """Failed sign-ins under a name nobody has, so that it is locked as an account would be. Of the name there is a keyed hash
    only: people type their password into the wrong box."""

    name = models.TextField(primary_key=True)
    failures = models.SmallIntegerField(default=0)
    failed_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)

    class Meta:
        app_label = "kernel"
        db_table = "gx_stranger"


class SecondFactor(models.Model):
    """What an account shows besides its password: an encrypted secret, the last step a code was taken of, and keyed hashes of
    recovery codes. It counts once a first code confirmed it."""

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.CASCADE)
    secret = models.BinaryField()
    step = models.BigIntegerField(default=0)
    recovery = models.JSONField(default=list)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "kernel"
        db_table = "gx_second_factor"


class Passkey(models.Model):
    """The public half of a key on somebody's device, and the host it is for. `count` is the device's own count of its uses."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    credential = models.BinaryField(unique=True)
    public_key = models.BinaryField()
    count = models.BigIntegerField()
    host = models.TextField()
    label = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "kernel"
        db_table = "gx_passkey"


class Token(models.Model):
    """A bearer token of an account; only its SHA-256 is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    digest = models.BinaryField(unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    label = models.TextField(default="")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "kernel"
        db_table = "gx_token"


class Event(models.Model):
    """The fact that an action happened. Partitioned by id, whose first bits are the time, one partition per quarter."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    object = models.TextField()
    record_id = models.UUIDField()
    verb = models.TextField()
    actor_id = models.UUIDField(null=True)
    actor_kind = models.TextField()
    via = models.TextField()
    at = models.DateTimeField()
    changes = models.JSONField()
    cause = models.UUIDField(null=True)
    request = models.TextField(null=True)
    xid = Xid8Field()

    class Meta:
        app_label = "kernel"
        db_table = "gx_event"
        indexes = (
            models.Index(fields=("workspace_id", "object", "record_id", "-id",), name="gx_event_record"),
            models.Index(fields=("xid", "id",), name="gx_event_xid"),
            models.Index(fields=("workspace_id", "id"), name="gx_event_demo", condition=models.Q(via="demo", verb="create")),
            models.Index(fields=("workspace_id", "actor_id", "id",), name="gx_event_claims", condition=models.Q(verb="claim")),
            models.Index(fields=("workspace_id", "cause",), name="gx_event_cause", condition=models.Q(cause__isnull=False)),
            models.Index(fields=("workspace_id", "-id",), name="gx_event_deleted", condition=models.Q(verb="delete")),
        )


class Seal(models.Model):
    """A batch of events, or of lines of the log, as they were when sealed: their ids, a hash of each, and the hash over both
    and the seal before in the same chain."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    chain = models.TextField(default="journal")
    number = models.BigIntegerField()
    xid = Xid8Field()
    events = models.IntegerField()
    ids = models.BinaryField()
    hashes = models.BinaryField()
    digest = models.BinaryField()
    sealed_at = models.DateTimeField()

    class Meta:
        app_label = "kernel"
        db_table = "gx_seal"
        constraints = (models.UniqueConstraint(fields=("workspace_id", "chain", "number",), name="gx_seal_once"),)


class LogEntry(models.Model):
    """One line of the log: who signed in, failed to, took data out; what happened around records rather than to them."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    at = models.DateTimeField()
    kind = models.TextField()
    user_id = models.UUIDField(null=True)
    actor_id = models.UUIDField(null=True)
    address = models.TextField()
    agent = models.TextField()
    object = models.TextField()
    record_id = models.UUIDField(null=True)
    details = models.JSONField()
    xid = Xid8Field(db_default=models.Func(function="pg_current_xact_id"))

    class Meta:
        app_label = "kernel"
        db_table = "gx_log"
        indexes = (
            models.Index(fields=("workspace_id", "-id"), name="gx_log_newest"),
            models.Index(fields=("workspace_id", "user_id", "-id"), name="gx_log_user"),
            models.Index(fields=("xid", "id"), name="gx_log_xid"),
            models.Index(fields=("workspace_id", "address", "-id"), name="gx_log_counted", condition=models.Q(kind__in=("failed", "applied"))),
        )


class LinkRow(models.Model):
    """One pair of a many-link or a custom link."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    object = models.TextField()
    field = models.TextField()
    source_id = models.UUIDField()
    target = models.TextField()
    target_id = models.UUIDField()
    position = models.IntegerField(default=0)

    class Meta:
        app_label = "kernel"
        db_table = "gx_link"
        constraints = (
            models.UniqueConstraint(fields=("workspace_id", "object", "field", "source_id", "target_id",), name="gx_link_once"),
        )
        indexes = (models.Index(fields=("workspace_id", "target", "target_id", "object", "field",), name="gx_link_back"),)


class TeamMemberRow(models.Model):
    """Somebody besides the owner who may read or write one record, until a day."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    object = models.TextField()
    record_id = models.UUIDField()
    user_id = models.UUIDField()
    level = models.TextField()
    until = models.DateTimeField(null=True)

    class Meta:
        app_label = "kernel"
        db_table = "gx_team_member"
        constraints = (
            models.UniqueConstraint(fields=("workspace_id", "object", "record_id", "user_id",), name="gx_team_once"),
        )
        indexes = (models.Index(fields=("workspace_id", "user_id", "object",), name="gx_team_user"),)


class SearchEntry(models.Model):
    """What a record is found by, and what decides who may find it."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    object = models.TextField()
    title = models.TextField()
    subtitle = models.TextField(default="")
    words = models.TextField(default="")
    owners = ArrayField(models.UUIDField())
    rank = models.SmallIntegerField(default=0)
    tokens = SearchVectorField()
    updated_at = models.DateTimeField()

    class Meta:
        app_label = "kernel"
        db_table = "gx_search_entry"
        indexes = (
            GinIndex(fields=["tokens", "owners"], name="gx_search_tokens"),  # both at once: see storage/search.py
        )


class Match(models.Model):
    """What a record is compared by when duplicates are looked for; kept while it lies in the bin."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    object = models.TextField()
    keys = ArrayField(models.TextField())

    class Meta:
        app_label = "kernel"
        db_table = "gx_match"
        indexes = (GinIndex(fields=("keys",), name="gx_match_keys"),)


class Delivery(models.Model):
    """A message for a group robot that waits to be sent, or to be tried again."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    robot_id = models.UUIDField()
    message = models.JSONField()
    attempts = models.SmallIntegerField()
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        app_label = "kernel"
        db_table = "gx_delivery"
        indexes = (models.Index(fields=("workspace_id", "due_at"), name="gx_delivery_due"),)


class Scan(models.Model):
    """How far the search for duplicates has come through one object's records."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    object = models.TextField()
    since = models.DateTimeField(null=True)
    started = models.DateTimeField(null=True)
    after_id = models.UUIDField(null=True)
    rules = models.TextField()
    finished = models.DateTimeField(null=True)

    class Meta:
        app_label = "kernel"
        db_table = "gx_scan"
        constraints = (models.UniqueConstraint(fields=("workspace_id", "object",), name="gx_scan_once"),)


class Counter(models.Model):
    """The last number given out under a key of a numbering rule."""

    id = models.BigAutoField(primary_key=True)
    workspace_id = models.UUIDField()
    key = models.TextField()
    value = models.BigIntegerField()

    class Meta:
        app_label = "kernel"
        db_table = "gx_counter"
        constraints = (models.UniqueConstraint(fields=("workspace_id", "key",), name="gx_counter_once"),)


class Consumer(models.Model):
    """How far a reader of the journal has come in a workspace: every event of transactions before `xid` is done."""

    pk = models.CompositePrimaryKey("workspace_id", "name")
    workspace_id = models.UUIDField()
    name = models.TextField()
    xid = Xid8Field()
    event_id = models.UUIDField(null=True)

    class Meta:
        app_label = "kernel"
        db_table = "gx_consumer"


class StoredFile(models.Model):
    """A file's name and kind; the bytes are kept once per content under their SHA-256."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    digest = models.TextField()
    name = models.TextField()
    size = models.BigIntegerField()
    type = models.TextField()
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "kernel"
        db_table = "gx_file"
        indexes = (models.Index(fields=("workspace_id", "created_by",), name="gx_file_by"),)


class Job(models.Model):
    """A piece of long work as people see it: progress, outcome, result file. The queue itself is procrastinate's."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    kind = models.TextField()
    user_id = models.UUIDField()
    state = models.TextField(default="waiting")
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    wanted = models.JSONField()
    outcome = models.JSONField(null=True)
    cancel = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "kernel"
        db_table = "gx_job"
        indexes = (models.Index(fields=("workspace_id", "user_id", "-created_at",), name="gx_job_user"),)
