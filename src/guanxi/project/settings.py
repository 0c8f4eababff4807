"""Settings, from the environment (docs/running.md)."""

from __future__ import annotations

import hashlib
import os
import secrets
from importlib import import_module
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import guanxi.project.modules  # noqa: F401 - installs the modules before anything is read
from guanxi.kernel.catalog.catalog import REGISTRY
from guanxi.kernel.catalog.security import PROFILES
from guanxi.kernel.declare.objects import Module
from guanxi.project import places

SOURCE = Path(__file__).resolve().parents[1]
CHECKOUT = SOURCE.parents[1]


def _home() -> Path:
    given = os.environ.get("GUANXI_HOME")
    if given:
        return Path(given)
    return Path("/var/lib/guanxi") if os.geteuid() == 0 else Path.home() / ".local/share/guanxi"


GUANXI_HOME = _home()
GUANXI_RESERVE = int(os.environ.get("GUANXI_RESERVE_MB", "100")) * 1024 * 1024
NODE_MODULES = Path(os.environ.get("GUANXI_NODE_MODULES") or CHECKOUT / "node_modules")


def _secret() -> str:
    """The signing key: from the environment, else the data folder's own; made once, readable by its owner only."""
    given = os.environ.get("GUANXI_SECRET")
    if given:
        return given
    path = GUANXI_HOME / "secret"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    except OSError:
        return secrets.token_urlsafe(50)
    return path.read_text().strip()


def _profile() -> str:
    """How strict signing in is where a company decided nothing itself."""
    given = os.environ.get("SECURITY_PROFILE", "")
    if given not in PROFILES:
        raise SystemExit(f"SECURITY_PROFILE: {given!r}; 可用 / use one of: {', '.join(filter(None, PROFILES))}")
    return given


places.install(NODE_MODULES)
SECRET_KEY = _secret()
SECURITY_PROFILE = _profile()
DEBUG = False
ALLOWED_HOSTS = [h for h in os.environ.get("GUANXI_ALLOWED_HOSTS", "*").split(",") if h]
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("GUANXI_ORIGINS", "").split(",") if o]


def _number(name: str, usual: int) -> int:
    given = os.environ.get(name, "") or str(usual)
    if not given.isascii() or not given.isdigit():
        raise SystemExit(f"{name}: {given!r}; 请给出整数 / give a whole number")
    return int(given)


def _contacts() -> list[str]:
    """Whom to tell of a hole, as RFC 9116 wants it: addresses of mail, pages or telephones."""
    given = [one.strip() for one in os.environ.get("GUANXI_SECURITY_CONTACT", "").split(",") if one.strip()]
    for one in given:
        if not one.startswith(("mailto:", "https://", "tel:")) or len(one.split()) > 1:
            raise SystemExit(f"GUANXI_SECURITY_CONTACT: {one!r}; 写法 / write mailto:…, https://… or tel:…")
    return given


SECURITY_CONTACT = _contacts()
STRANGERS_MINUTE = _number("GUANXI_PACE", 600)
"""Requests a minute of one address nobody signed in from; 0 paces nobody, signed in or not."""
STATEMENT_SECONDS = _number("GUANXI_STATEMENT_SECONDS", 30)
"""How long one statement of a request may take; 0 is as long as it likes."""


def migrations_of(module: Module) -> str:
    """Where a module's migrations are: the program's own under project, a stranger's beside its declaration."""
    package = module.objects[0].__module__.rpartition(".")[0]
    return f"guanxi.project.migrations.{module.name}" if package.startswith("guanxi.") else f"{package}.migrations"


MIGRATION_MODULES = {
    "kernel": "guanxi.project.migrations.kernel",
    **{module.name: migrations_of(module) for module in REGISTRY.modules},
}


def _version() -> str:
    """Which tables this program is for, in a few letters: by it processes tell their like from those of another version."""
    names = []
    for module, package in MIGRATION_MODULES.items():
        parent, _, folder = package.rpartition(".")
        for place in import_module(parent).__path__:
            names += [f"{module}/{file.stem}" for file in (Path(place) / folder).glob("[0-9]*.py")]
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:12]


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or parts.hostname or ""
    return {
        "ENGINE": "guanxi.project.database",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or options.pop("port", "")),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**options, "application_name": f"guanxi {_version()}", "prepare_threshold": 3},
    }


DATABASES = {"default": _database(os.environ.get("DATABASE_URL", "postgresql:///guanxi"))}

INSTALLED_APPS = [
    "guanxi.project.apps.KernelConfig",
    *(f"guanxi.project.apps.{module.name.capitalize()}Config" for module in REGISTRY.modules),
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "procrastinate.contrib.django",
]


AUTH_USER_MODEL = "kernel.Account"
PASSWORD_HASHERS = ["guanxi.project.hashing.Argon2", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ("username",)}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LANGUAGE_CODE = "zh-hans"

ROOT_URLCONF = "guanxi.project.urls"
WSGI_APPLICATION = "guanxi.project.wsgi.application"
MIDDLEWARE = [
    "guanxi.surfaces.web.middleware.Headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "guanxi.surfaces.web.middleware.Strangers",
    "guanxi.surfaces.web.middleware.Csrf",
]
SESSION_ENGINE = "guanxi.kernel.storage.sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("GUANXI_HTTPS", "") == "1"
OWN = "__Host-" if SESSION_COOKIE_SECURE else ""
"""What browsers take from this very host over HTTPS only, so that no neighbouring host can plant such a cookie."""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = OWN + "guanxi_session", OWN + "csrftoken"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "guanxi.surfaces.web.visit.forged"
SESSION_COOKIE_AGE = 14 * 24 * 3600
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
APPEND_SLASH = False
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
