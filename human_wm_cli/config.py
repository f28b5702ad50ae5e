"""Compose the configuration of a command: YAML defaults, groups, overrides.

A schema is a frozen dataclass; the dataclasses nested in it are its groups. The
defaults of one command are `configs/<name>.yaml`. There a group is either a
mapping or the name of a file, `configs/<group>/<choice>.yaml`; a nested group
lives in a nested folder. A field with `metadata={"group": "env"}` reads the folder
`env` whatever the field is called. On the command line `group=choice` takes
another file and `group.key=value` sets one value; choices come first, then
values in the order given.
"""

from __future__ import annotations

import contextlib
import shlex
import textwrap
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from human_wm_cli.config_hints import (
    Hint,
    is_dict,
    is_list,
    is_text_literal,
    options_of,
    type_name,
)
from human_wm_cli.explanations import annotated
from human_wm_cli.setting_values import check_numbers, with_home
from human_wm_env import ConfigError
from human_wm_env.errors import did_you_mean

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# Inside the package in a wheel and, as a link, in a checkout; beside it where links get lost.
_PACKAGED = Path(__file__).parent / "configs"
CONFIGS_FOLDER = _PACKAGED if _PACKAGED.is_dir() else _PACKAGED.parents[1] / "configs"

Schema = TypeVar("Schema", bound="DataclassInstance")
KeyPath = tuple[str, ...]


@dataclass(frozen=True)
class _Assignment:
    """One value for one key, and where it came from."""

    path: KeyPath
    value: object
    source: str


@dataclass(frozen=True)
class _Slot:
    """What a key path leads to in a schema: its type, and its folder if a group."""

    hint: Hint
    group: type | None
    folder: KeyPath


def compose(
    schema: type[Schema],
    name: str,
    overrides: Sequence[str] = (),
    configs_folder: Path | str = CONFIGS_FOLDER,
) -> Schema:
    """Build the frozen configuration of one command.

    Args:
        schema: a dataclass type, frozen, with a type for every field.
        name: the command's defaults are `<configs_folder>/<name>.yaml`.
        overrides: words such as `model=mini` or `training.epochs=1`.
        configs_folder: the folder with the YAML files.

    Returns:
        An instance of `schema`, its groups instances of their own dataclasses.

    Raises:
        ConfigError: an unknown key, choice or file; a wrong type; broken YAML; a
            word without "="; a field without a value; or settings that the
            dataclasses themselves refuse.
    """
    merged = _Composer(schema, configs_folder).merge(name, overrides)
    config = _as_object(schema, merged, f"{name}.yaml")
    _refuse_unused(config, overrides)
    return config


def vary(
    config: Schema, group: str, choice: str, configs_folder: Path | str = CONFIGS_FOLDER
) -> Schema:
    """Return a configuration with the settings of `<group>/<choice>.yaml` laid over it.

    Args:
        config: an instance of its schema.
        group: the folder of the file.
        choice: the file's name without ".yaml"; its settings are those of the schema, and a
            group in it may name a file, whose settings are laid over as well.
        configs_folder: the folder with the YAML files.

    Raises:
        ConfigError: as `compose`.
    """
    schema = type(config)
    composer, file = _Composer(schema, configs_folder), f"{group}/{choice}.yaml"
    own = OmegaConf.merge(OmegaConf.structured(schema), to_dict(config))
    merged = typing.cast(DictConfig, own)
    settings = _read_yaml(composer.folder / file)
    for assignment in composer.flatten(settings, (), file):
        merged = composer.assign(merged, assignment)
    return _as_object(schema, merged, file)


def outline(
    schema: type[Schema],
    name: str,
    overrides: Sequence[str] = (),
    configs_folder: Path | str = CONFIGS_FOLDER,
) -> str:
    """Show the resolved settings as YAML, "???" where a value is still missing.

    Comments say what each means, and at the end which choices a group has. Raises as `compose`
    does, but accepts missing values.
    """
    composer = _Composer(schema, configs_folder)

    def group(path: KeyPath) -> type | None:
        slot = _slot(schema, path)
        return slot.group if slot else None

    lines = [annotated(OmegaConf.to_yaml(composer.merge(name, overrides)).rstrip(), group)]
    for path in _all_paths(schema):
        slot = _slot(schema, path)
        choices = _choices(composer.folder.joinpath(*slot.folder)) if slot and slot.group else []
        if choices:
            said = f"{'.'.join(path)}=NAME, one of: {', '.join(choices)}"
            lines += textwrap.wrap(said, 100, initial_indent="# ", subsequent_indent="#     ")
    return "\n".join(lines) + "\n"


def to_dict(config: DataclassInstance) -> dict[str, Any]:
    """Turn a configuration into plain dicts, lists, strings and numbers."""
    return {key: _plain(value) for key, value in asdict(config).items()}


def to_yaml(config: DataclassInstance) -> str:
    """Write a configuration as YAML that `compose` reads back as an equal one."""
    return OmegaConf.to_yaml(OmegaConf.create(to_dict(config)))


class _Composer:
    """Lays files and overrides over a schema, checking each value.

    Args:
        schema: a dataclass type.
        folder: with the YAML files.
    """

    def __init__(self, schema: type, folder: Path | str) -> None:
        self.schema = schema
        self.folder = Path(folder)
        self._chosen: dict[KeyPath, tuple[str, str]] = {}  # groups named by the overrides

    def merge(self, name: str, overrides: Sequence[str]) -> DictConfig:
        """Return defaults, then choices, then values, in the order given."""
        settings: list[_Assignment] = []
        for word in overrides:
            _require_key(word, self.schema)
            path, text = _split(word)
            source = f"the override {word!r}"
            slot = self._known_slot(path, source)
            value = with_home(_parse(text, slot.hint, source))
            if slot.group and isinstance(value, Mapping):
                settings += _Composer(self.schema, self.folder).flatten(value, path, source)
            elif slot.group and value is not None:
                self._chosen[path] = (text, source)
            else:
                settings.append(_Assignment(path, value, source))
        file = self.folder / f"{name}.yaml"
        assignments = [*self.flatten(_read_yaml(file), (), file.name)]
        for path in sorted(self._chosen, key=len):
            assignments += self._flatten_choice(path, *self._chosen[path])
        merged = OmegaConf.structured(self.schema)
        for assignment in [*assignments, *settings]:
            merged = self.assign(merged, assignment)
        return merged

    def assign(self, config: DictConfig, assignment: _Assignment) -> DictConfig:
        """Return the settings with one more value."""
        slot = self._known_slot(assignment.path, assignment.source)
        value, key = assignment.value, ".".join(assignment.path)
        wrong = ConfigError(
            f"{type_name(slot.hint)} for {key!r}",
            f"{value!r} (from {assignment.source})",
            "Give a value of that type.",
        )
        if slot.hint is str and not isinstance(value, str):
            raise wrong  # OmegaConf would turn a YAML `no` into the text "False".
        for part in reversed(assignment.path):
            value = {part: value}
        try:
            merged = typing.cast(DictConfig, OmegaConf.merge(config, typing.cast(dict, value)))
        except (OmegaConfBaseException, ValueError, TypeError) as error:
            raise wrong from error
        with contextlib.suppress(OmegaConfBaseException):  # what leads nowhere is refused later
            check_numbers(OmegaConf.select(merged, key), key, assignment.source)
        return merged

    def flatten(
        self, settings: Mapping[Any, object], prefix: KeyPath, source: str
    ) -> Iterator[_Assignment]:
        """List a mapping's values one by one; groups chosen elsewhere are left out."""
        for key, value in settings.items():
            path = (*prefix, str(key))
            slot = self._known_slot(path, source)
            if slot.group is None or value is None:
                yield _Assignment(path, value, source)
            elif path in self._chosen:
                continue
            elif isinstance(value, Mapping):
                yield from self.flatten(value, path, source)
            elif isinstance(value, str):
                yield from self._flatten_choice(path, value, source)
            else:
                raise ConfigError(
                    f"a name or a mapping for the group {'.'.join(path)!r}",
                    f"{value!r} (from {source})",
                    "Name a file of that group, or give its settings.",
                )

    def _flatten_choice(self, path: KeyPath, choice: str, source: str) -> Iterator[_Assignment]:
        group = self._known_slot(path, source).folder
        choices = _choices(self.folder.joinpath(*group))
        if choice not in choices:
            where = "/".join(group)
            raise ConfigError(
                f"a file of the group {where!r}",
                f"{choice!r} (from {source})",
                did_you_mean(choice, choices) if choices else f"There are no files in {where}/.",
            )
        file = self.folder.joinpath(*group, f"{choice}.yaml")
        yield from self.flatten(_read_yaml(file), path, "/".join([*group, file.name]))

    def _known_slot(self, path: KeyPath, source: str) -> _Slot:
        slot = _slot(self.schema, path)
        if slot is None:
            key = ".".join(path)
            known = [".".join(other) for other in _all_paths(self.schema)]
            same_leaf = [other for other in known if other.split(".")[-1] == path[-1]]
            raise ConfigError(
                "a known setting", f"{key!r} (from {source})", did_you_mean(key, same_leaf or known)
            )
        return slot


def _as_object(schema: type[Schema], merged: object, file: str) -> Schema:
    """Make the dataclass; `file` is where a missing value could be given."""
    try:
        missing = sorted(OmegaConf.missing_keys(merged))
        config = None if missing else OmegaConf.to_object(merged)
    except (OmegaConfBaseException, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"settings that {schema.__name__} accepts", reason, "Correct the setting it names."
        ) from error
    if missing:
        raise ConfigError(
            f"a value for {missing[0]!r}",
            "none",
            f"Give one as {missing[0]}=..., or in {file}.",
        )
    return typing.cast(Schema, config)


def _refuse_unused(config: object, overrides: Sequence[str]) -> None:
    """Refuse overrides that would change nothing.

    A dataclass may have a method `unused`, which names settings of its own, or below it, that
    its other settings leave without effect, and says why; a command's reason goes before that of
    its groups. Files may hold them.

    Raises:
        ConfigError: an override sets one of them.
    """
    unused: dict[KeyPath, str] = {}
    for name, why in _unused(config):
        unused.setdefault(name, why)
    for word in overrides:
        path, _ = _split(word)
        for name, why in unused.items():
            if path[: len(name)] == name:
                raise ConfigError("a setting that changes something", repr(word), why)


def _unused(config: object, prefix: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    if not is_dataclass(config):
        return
    if hasattr(config, "unused"):
        for name, why in config.unused().items():
            yield (*prefix, *name.split(".")), why
    for each in fields(config):
        yield from _unused(getattr(config, each.name), (*prefix, each.name))


def _require_key(word: str, schema: type) -> None:
    """Refuse a log's path, or a change of days, that has no key; the remedy names the key."""
    key = word.partition("=")[0]
    if _slot(schema, tuple(key.split("."))) is not None:
        return
    from human_wm_env.data.folder import is_folder_of_logs
    from human_wm_env.person.schema import FEATURE_NAMES

    meant = None
    if key.startswith(FEATURE_NAMES):
        meant = "change" if _slot(schema, ("change",)) else None
    else:
        keys = (("history",), ("source",), ("data", "source"))
        with contextlib.suppress(OSError):  # such as one of a name that is too long
            if Path(word).is_file() or is_folder_of_logs(Path(word)):
                meant = next((".".join(path) for path in keys if _slot(schema, path)), None)
    if meant is not None:
        wanted = f"{meant}={word}"
        raise ConfigError("key=value", repr(word), f"Say {shlex.quote(wanted)}.")


def _split(word: str) -> tuple[KeyPath, str]:
    key, equals, text = word.partition("=")
    if not equals or not all(key.split(".")):
        raise ConfigError(
            "key=value",
            repr(word),
            "Write settings as key=value or group.key=value; --help lists them all.",
        )
    return tuple(key.split(".")), text


def _parse(text: str, hint: Hint, source: str) -> object:
    """Read an override's value: text for text fields, YAML for all others."""
    options = options_of(hint)
    if types.NoneType in typing.get_args(hint) and text == "null":
        return None
    if all(option in (str, Path) or is_text_literal(option) for option in options):
        return text
    if is_list(options[0]) and not text.lstrip().startswith("["):
        text = f"[{text}]"  # one value needs no brackets
    try:
        return OmegaConf.to_container(OmegaConf.from_dotlist([f"value={text}"]))["value"]  # type: ignore[call-overload, index]
    except (YAMLError, OmegaConfBaseException) as error:
        raise ConfigError(
            "a YAML value", f"{text!r} (from {source})", "Close its brackets and quotes."
        ) from error


def _read_yaml(file: Path) -> Mapping[Any, object]:
    if not file.is_file():
        names = _choices(file.parent)
        raise ConfigError(
            f"the configuration file {file.name}",
            "no such file",
            did_you_mean(file.stem, names) if names else f"Create {file.name}.",
        )
    try:
        settings = OmegaConf.to_container(OmegaConf.create(file.read_text(encoding="utf-8")))
    except (YAMLError, OmegaConfBaseException) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"valid YAML in {file.name}", reason, "Correct the file.") from error
    if not isinstance(settings, Mapping):
        raise ConfigError(
            f"key: value lines in {file.name}", type(settings).__name__, "Correct the file."
        )
    return settings


def _choices(folder: Path) -> list[str]:
    return sorted(file.stem for file in folder.glob("*.yaml"))


def _slot(schema: type, path: KeyPath) -> _Slot | None:
    """Follow a key path through the schema; None where it leaves it."""
    current = _Slot(schema, schema, ())
    for part in path:
        if current.group is None:
            # Below a dict any key will do; nothing else has keys.
            options = [option for option in options_of(current.hint) if is_dict(option)]
            if not options:
                return None
            arguments = typing.get_args(options[0])
            current = _Slot(arguments[1] if arguments else object, None, ())
            continue
        named = {field.name: field for field in fields(current.group)}
        if part not in named:
            return None
        hint = typing.get_type_hints(current.group)[part]
        groups = [option for option in options_of(hint) if is_dataclass(option)]
        own = named[part].metadata.get("group")
        group: Hint = groups[0] if groups else None
        current = _Slot(hint, group, (own,) if own else (*current.folder, part))
    return current


def _all_paths(schema: type, prefix: KeyPath = ()) -> Iterator[KeyPath]:
    for field in fields(schema):
        path = (*prefix, field.name)
        yield path
        hint = typing.get_type_hints(schema)[field.name]
        for option in options_of(hint):
            if is_dataclass(option):
                yield from _all_paths(typing.cast(type, option), path)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, Enum):
        return value.name
    return str(value) if isinstance(value, Path) else value
