"""
Random numbers of a fork: generators that were made before it would draw the same numbers in each.

`secrets`, `uuid.uuid4`, `os.urandom` and `numpy.random.default_rng()` ask the kernel; `tempfile` looks at its process id by itself. A
generator that a preloaded module made with a seed of its own is left alone: who gives a seed wants these numbers.
"""

import random
import sys
from typing import Any, Callable


def reseed() -> None:
    """Seed the generators that belong to everyone anew, of modules that are loaded."""
    random.seed()
    # Not `numpy` and its attribute: asking for that would import it.
    _seed("numpy.random", lambda module: module.seed())
    # Of all devices; of a GPU when it is first used.
    _seed("torch", lambda module: module.seed())


def _seed(name: str, seed: Callable[[Any], Any]) -> None:
    module = sys.modules.get(name)
    if module is not None:
        try:
            seed(module)
        except Exception as error:  # a task whose random numbers are not new is worth more than none
            print(f"mft: {name} could not be seeded anew: {error}", file=sys.stderr, flush=True)
