"""
What `--preload auto` may import before forks begin, and why.

A package is listed when its import was tried and leaves no Python thread, no open connection and nothing that belongs to one process, and
when forks that begin right after it work (several at a time, doing what the package is for). Tried with Metaflow 2.19 on Linux.

A1. Never modules of the user's own: what they hold after an import is not known.
A2. Not listed on purpose: torch, tensorflow, jax (a GPU that was touched before a fork is lost to it), polars (its makers
    advise against forks, though those that were tried work), grpc, ray, dask and whatever else
    starts threads; statsmodels, whose import leaves native threads that no fork handler ends.
    Of these torch was tried by name (1.12, no GPU): forks compute, load data and draw different numbers, but hang where a preloaded
    module has computed with it at its import.
"""

from typing import Dict, Tuple

#: Package → submodules that nearly everyone who imports it needs, and that it imports late.
SAFE: Dict[str, Tuple[str, ...]] = {
    # OpenBLAS starts native threads at import. Its own fork handler ends them before each fork; forks start theirs when they compute.
    "numpy": ("numpy.linalg", "numpy.random"),
    "scipy": (),
    # OpenMP's threads start with the first computation, not at import.
    "sklearn": (),
    "joblib": (),
    "threadpoolctl": (),
    # Imports pyarrow where that is installed.
    "pandas": (),
    # Its memory allocator has one native thread; its pools are made anew in a fork by its own handlers.
    "pyarrow": (),
    # The window system is chosen when the first figure is drawn.
    "matplotlib": (),
    "seaborn": (),
    "PIL": (),
    "networkx": (),
    "sympy": (),
    # Connections are opened by sessions and clients, never at import.
    "requests": (),
    "urllib3": (),
    "httpx": (),
    "boto3": ("boto3.session",),
    "botocore": ("botocore.session",),
    "sqlalchemy": (),
    # Nothing but definitions.
    "yaml": (),
    "jinja2": (),
    "pydantic": (),
    "dateutil": ("dateutil.parser",),
    "pytz": (),
    "tqdm": (),
    "bs4": (),
    "lxml": (),
}

#: The part of the standard library that takes a while to import and starts nothing.
STANDARD = frozenset(
    "argparse array ast asyncio base64 bisect calendar cmath codecs collections concurrent configparser contextlib copy csv ctypes "
    "dataclasses datetime decimal difflib email enum fractions functools glob gzip hashlib heapq hmac html http importlib inspect io "
    "itertools json logging lzma math mimetypes multiprocessing numbers operator os pathlib pickle platform pprint queue random re "
    "secrets shlex shutil signal socket sqlite3 ssl statistics string struct subprocess sys tarfile tempfile textwrap threading time "
    "traceback types typing unittest urllib uuid warnings weakref xml zipfile zlib zoneinfo".split()
)

#: Beginnings of variables that libraries of the list obey only while they are imported: pools of threads, back ends.
READ_AT_IMPORT = (
    *("OMP_", "OPENBLAS_", "GOTO_", "MKL_", "BLIS_", "VECLIB_", "KMP_", "GOMP_", "NUMEXPR_", "NPY_", "NUMPY_", "SCIPY_", "SKLEARN_"),
    *("LOKY_", "JOBLIB_", "ARROW_", "MALLOC_", "MPL", "PANDAS_", "REQUESTS_", "SQLALCHEMY_"),
)


def is_safe(module: str) -> bool:
    """Whether `auto` may import this module, a dotted name."""
    top = module.split(".")[0]
    return top in SAFE or top in STANDARD
