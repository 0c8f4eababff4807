"""Django's view of the house: one app for the kernel's tables and one per module, made from the declarations."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps

from guanxi.kernel.catalog.catalog import REGISTRY


class KernelConfig(AppConfig):
    """The kernel's own tables."""

    name = "guanxi.kernel.storage"
    label = "kernel"

    def import_models(self) -> None:
        from guanxi.kernel.storage import tables  # noqa: F401

        self.models = apps.all_models[self.label]


def _config(module: str, package: str) -> type[AppConfig]:
    def import_models(self: Any) -> None:
        from guanxi.kernel.storage import models

        models.build(module)
        self.models = apps.all_models[self.label]

    return type(
        f"{module.capitalize()}Config",
        (AppConfig,),
        {"__module__": __name__, "__doc__": f"The tables of {module}.", "name": package, "label": module, "import_models": import_models},
    )


for _module in REGISTRY.modules:
    globals()[f"{_module.name.capitalize()}Config"] = _config(_module.name, _module.objects[0].__module__.rpartition(".")[0])
