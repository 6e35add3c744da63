"""
Code packages, unpacked once per machine into `cache/<sha>`.

C1. A folder named by a hash is complete: it is filled under another name and then renamed. Of two that fill it at once, one wins.
C2. The package is fetched in a fork: Metaflow must be imported afterwards, with the unpacked folder first on the path, because
    extensions may lie beside the flow.
C3. `.mf_code` (the package's copy of Metaflow and of extensions) serves fresh interpreters. A fork uses what the launcher has imported;
    `.mf_code` comes last on its path, for modules that were packaged from outside the flow's folder.
"""

import json
import os
import re
import shutil
import sys
import tempfile
from typing import Dict, Optional

from .forking import fork
from .settings import Settings

PACKAGED_CODE = ".mf_code"


class PackageMissing(Exception):
    """The package cannot be had."""

    code = "PACKAGE_NOT_FOUND"


def fetch(settings: Settings) -> str:
    """The folder with the package's files, fetched where it is not there yet. Raises PackageMissing."""
    package = settings.package
    assert package is not None
    if not re.fullmatch(r"[0-9a-f]{8,128}", package["sha"]):
        raise PackageMissing(f"The code package has no usable hash: {package['sha']!r}.")
    cache = settings.cache or os.path.join(tempfile.gettempdir(), "mft-packages")
    target = os.path.join(os.path.abspath(cache), package["sha"])
    if os.path.isdir(target):
        return target
    os.makedirs(cache, exist_ok=True)
    partial = tempfile.mkdtemp(prefix=f".{package['sha'][:12]}-", dir=cache)
    report = os.path.join(cache, os.path.basename(partial) + ".error")
    try:
        pid = fork(lambda: _fill(settings, partial, report), [])
        status = os.waitpid(pid, 0)[1]
        if status != 0:
            raise PackageMissing(_reason(report) or f"The code package {package['url']} cannot be unpacked (status {status}).")
        try:
            os.rename(partial, target)
        except OSError:
            if not os.path.isdir(target):
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if os.path.exists(report):
            os.unlink(report)
    return target


def fresh_interpreter_environment(source: str, changes: Dict[str, Optional[str]]) -> Dict[str, Optional[str]]:
    """Variables by which a fresh interpreter finds the package's own copy of Metaflow and of the extensions."""
    code = os.path.join(source, PACKAGED_CODE)
    if not os.path.isdir(code):
        return {}
    given = changes.get("PYTHONPATH") or ""
    if any(os.path.isdir(os.path.join(entry, "metaflow")) for entry in given.split(os.pathsep) if entry):
        # A decorator (@conda) has seen to that itself, and Metaflow refuses two copies of an extension.
        return {}
    path = given or os.environ.get("PYTHONPATH")
    return {
        "PYTHONPATH": os.pathsep.join([code] + ([path] if path else [])),
        "METAFLOW_EXTRACTED_ROOT": source,
    }


def _fill(settings: Settings, folder: str, report: str) -> None:
    package = settings.package
    assert package is not None
    try:
        from io import BytesIO

        from metaflow.datastore import FlowDataStore
        from metaflow.package import MetaflowPackage

        from ..storage import implementation_of

        kind = settings.datastore.get("type", "local")
        storage = implementation_of(kind)
        root = settings.datastore_root or storage.get_datastore_root_from_config(lambda *_, **__: None)
        flow = settings.flow or package["url"].rstrip("/").split("/")[-4]
        # A worker's own root wins, but what was deployed elsewhere may still be in reach where it was put.
        places = list(dict.fromkeys(place for place in (root, settings.datastore.get("root")) if place))
        path = storage.path_join(flow, "data", package["sha"][:2], package["sha"])
        place = next((place for place in places if storage(place).is_file([path])[0]), None)
        if place is None:
            raise FileNotFoundError(f"it is not in the {kind} datastore at {' or '.join(places)}")
        store = FlowDataStore(flow, None, storage_impl=storage, ds_root=place)
        blob = next(blob for _, blob in store.load_data([package["sha"]], force_raw=True))
        metadata = package.get("metadata") or json.dumps({"version": 0, "archive_format": "tgz", "mfcontent_version": 1})
        backend = MetaflowPackage.get_backend(metadata)
        # `cls_extract_into` would do, but for 2.16, where it always fails: it takes the class for an opened archive.
        with backend.cls_open(BytesIO(blob)) as archive:
            backend.cls_extract_members(archive, None, folder)
        os._exit(0)
    except BaseException as error:  # noqa: B902
        with open(report, "w", encoding="utf-8") as out:
            out.write(f"The code package {package['url']} cannot be fetched: {type(error).__name__}: {error}")
        os._exit(1)


def _reason(report: str) -> str:
    try:
        with open(report, encoding="utf-8") as source:
            return source.read()
    except OSError:
        return ""


def add_packaged_modules(source: str) -> None:
    """Let forks find modules that were packaged from outside the flow's folder (C3)."""
    code = os.path.join(source, PACKAGED_CODE)
    if os.path.isdir(code):
        sys.path.append(code)
