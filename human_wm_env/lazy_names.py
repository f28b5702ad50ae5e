"""Names that a package hands on, each imported when somebody asks for it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence


def lazy_names(
    package: str, names: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package (PEP 562).

    Importing a package stays fast: it loads numba, MLX or torch with the first name that
    needs them. Type checkers read the same names under TYPE_CHECKING.

    Args:
        package: its `__name__`.
        names: by module below the package; "audit as audit_logs" is known as `audit_logs`.
    """
    places: dict[str, tuple[str, str]] = {}
    for module, listed in names.items():
        for entry in listed:
            own, _, known_as = entry.partition(" as ")
            places[known_as or own] = (module, own)

    def get(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, own = places[name]
        return getattr(importlib.import_module(f"{package}.{module}"), own)

    return get, lambda: sorted(places)
