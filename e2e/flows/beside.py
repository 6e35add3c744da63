"""A module beside the flow files, which with_modules.py imports."""

from dataclasses import dataclass


@dataclass
class Reading:
    name: str
    value: float


def double(reading: Reading) -> Reading:
    return Reading(reading.name, reading.value * 2)
