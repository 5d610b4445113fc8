"""One codec between a frozen dataclass of settings and the flat maps of text that AWS carries.

Lambda environment variables, Flink property groups and Glue arguments are all flat maps of text. A stack encodes a
program's settings, the program decodes them, and both import the same dataclass: a misspelt name cannot be deployed.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")


class SettingsError(ValueError):
    """Settings that cannot be used; the message names every setting at fault."""


def encode(settings: Any) -> dict[str, str]:
    """Return the settings as text by field name; None and empty tuples become empty text.

    Raises SettingsError for a tuple that would not come back as it is.
    """
    texts: dict[str, str] = {}
    for field in fields(settings):
        value = getattr(settings, field.name)
        if isinstance(value, tuple) and any(item == "" or "," in item for item in value):
            raise SettingsError(
                f"{type(settings).__name__}: {field.name}: {value!r} has an item that is empty or holds a comma"
            )
        texts[field.name] = _to_text(value)
    return texts


def decode(cls: type[T], texts: Mapping[str, str]) -> T:
    """Read settings of class `cls`; names the class does not know are left alone.

    Raises SettingsError with every missing or unreadable setting.
    """
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    faults: list[str] = []
    for field in fields(cls):  # type: ignore[arg-type]  # mypy cannot say "a dataclass type"
        if field.name in texts:
            try:
                values[field.name] = _from_text(hints[field.name], texts[field.name])
            except ValueError as error:
                faults.append(f"{field.name}: {error}")
        elif field.default is MISSING and field.default_factory is MISSING:
            faults.append(f"{field.name}: missing")
    if faults:
        raise SettingsError(f"{cls.__name__}: " + "; ".join(faults))
    return cls(**values)


def to_environment(settings: Any) -> dict[str, str]:
    """Return the settings as environment variables: upper case names."""
    return {name.upper(): text for name, text in encode(settings).items()}


def from_environment(cls: type[T], environment: Mapping[str, str]) -> T:
    """Read settings from environment variables. Raises SettingsError."""
    return decode(cls, {name.lower(): text for name, text in environment.items()})


def to_arguments(settings: Any) -> dict[str, str]:
    """Return the settings as Glue default arguments: `--name`. Empty texts are left out, Glue refuses them."""
    return {f"--{name}": text for name, text in encode(settings).items() if text != ""}


def _to_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case tuple():
            return ",".join(str(item) for item in value)
        case _:
            return str(value)


def _from_text(kind: Any, text: str) -> Any:
    if kind == tuple[str, ...]:
        return tuple(item for item in text.split(",") if item)
    if kind in (str | None, int | None, float | None):
        return None if text == "" else _from_text(kind.__args__[0], text)
    if kind is bool:
        if text not in ("true", "false"):
            raise ValueError(f"{text!r} is neither 'true' nor 'false'")
        return text == "true"
    if kind is int or kind is float:
        try:
            return kind(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a number") from None
    if kind is str:
        return text
    raise ValueError(f"settings cannot hold {kind}")
