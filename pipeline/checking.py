"""Checks of single values of mobility.toml: each names file, key, what was found and what was expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.errors import SettingsError, did_you_mean


def only(path: Path, prefix: str, given: object, known: set[str]) -> None:
    """Refuse what is no table, and a key that is not known."""
    if not isinstance(given, dict):
        raise SettingsError(path, f"{prefix.rstrip('.')}: expected a table.")
    for key in given:
        if key not in known:
            raise SettingsError(path, f"{prefix}{key}: no such setting.", did_you_mean(key, known))


def tables(path: Path, key: str, value: object, first: str) -> list[dict[str, Any]]:
    """A list of tables, written as [[key]] each."""
    if not isinstance(value, list) or not all(isinstance(s, dict) for s in value):
        raise SettingsError(path, f"{key}: expected tables like [[{key}]] with {first}.")
    return value


def text(path: Path, key: str, value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(path, f"{key}: expected a text, found {value!r}.")
    return value


def strings(path: Path, key: str, value: object) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list):
        raise SettingsError(path, f'{key}: expected a list of texts like ["..."], found {value!r}.')
    return tuple(text(path, key, v) for v in value)


def choices(path: Path, key: str, value: object, known: tuple[str, ...]) -> tuple[str, ...]:
    """A list of known words."""
    chosen = strings(path, key, value)
    for item in chosen:
        if item not in known:
            raise SettingsError(path, f"{key}: {item!r} is not one of {', '.join(known)}.", did_you_mean(item, known))
    return chosen


def choice(path: Path, key: str, value: object, known: tuple[str, ...]) -> str:
    """One known word."""
    return choices(path, key, [value], known)[0]


def integer(path: Path, key: str, value: object, low: int, high: int) -> int:
    """A whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise SettingsError(path, f"{key}: expected a whole number from {low} to {high}, found {value!r}.")
    return value


def number(path: Path, key: str, value: object, low: float, high: float, todo: str = "") -> float:
    """A number within bounds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise SettingsError(path, f"{key}: expected a number from {low:g} to {high:g}, found {value!r}.", todo)
    return float(value)
