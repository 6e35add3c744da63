"""Code package and config in the datastore."""

import io
import json

from metaflow.metaflow_config import FEAT_ALWAYS_UPLOAD_CODE_PACKAGE
from metaflow.package import MetaflowPackage


def save(obj):
    """Save Metaflow's code package; return {"sha", "url", "metadata"}."""
    package = MetaflowPackage(
        obj.flow,
        obj.environment,
        obj.echo,
        suffixes=obj.package_suffixes,
        flow_datastore=obj.flow_datastore if FEAT_ALWAYS_UPLOAD_CODE_PACKAGE else None,
    )
    obj.package = package
    if FEAT_ALWAYS_UPLOAD_CODE_PACKAGE:
        url, sha = package.package_url(), package.package_sha()
    else:
        url, sha = obj.flow_datastore.save_data([package.blob], len_hint=1)[0]
    return {"sha": sha, "url": url, "metadata": package.package_metadata}


def config_path(flow_name, config_hash):
    """Where a config lies, below the datastore's root."""
    return "/".join([flow_name, "temporal", "config", config_hash + ".json"])


def save_config(obj, config_hash, config):
    """Store a config under its hash."""
    blob = io.BytesIO(json.dumps(config, ensure_ascii=False).encode("utf-8"))
    storage = obj.flow_datastore._storage_impl
    storage.save_bytes([(config_path(obj.flow.name, config_hash), blob)], overwrite=True, len_hint=1)
