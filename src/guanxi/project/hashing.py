"""Passwords: argon2id with the memory the OWASP password storage cheat sheet asks for (19 MiB, two passes, one lane)."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Django's default takes 100 MiB per sign-in, which a small machine with ten people signing in does not have."""

    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1
