"""
What every fork would do again, done once before forking: imports and lookups that have nothing to do with the flow.

W1. Of `metaflow.cli` and `metaflow.cli_components` only what `ahead.py` knows: they bind the flow's parameters and options when they are
    imported.
"""

import importlib
import io
import os
import tokenize

from . import ahead, backends, flowfile, local_metadata
from .preloading import preload
from .settings import Settings

#: Imported by a step sooner or later; a name that this version of Metaflow lacks is skipped.
_MODULES = """
metaflow.runtime metaflow.task metaflow.package metaflow.lint metaflow.pylint_wrapper metaflow.mflog.mflog metaflow.includefile
metaflow.client.core metaflow.client.filecache metaflow.cli_args metaflow.datastore metaflow.user_configs.config_parameters
metaflow.plugins.metadata_providers.local metaflow.plugins.datastores.local_storage metaflow._vendor.click metaflow.tagging_util
metaflow.clone_util metaflow.system_context metaflow.sidecar tokenize ast inspect token textwrap
""".split()


def warm_up(settings: Settings) -> str:
    """Import and look up; returns Metaflow's version."""
    import metaflow
    from metaflow import metaflow_version

    for name in _MODULES:
        try:
            importlib.import_module(name)
        except ImportError:
            pass
    backends.warm(settings)
    # These ask git; once here instead of several times a task.
    version = metaflow_version.get_version()
    _repository(settings.path)
    # Metaflow reads its steps' sources for the graph: compile tokenize's expressions once.
    list(tokenize.generate_tokens(io.StringIO("x = 1\n").readline))
    ahead.import_cli()
    local_metadata.write_lightly()
    if settings.package:
        from .package_cache import add_packaged_modules

        add_packaged_modules(settings.source)
    flowfile.warm(settings.path)
    preload(settings)
    return getattr(metaflow, "__version__", None) or version


def _repository(path: str) -> None:
    try:
        from metaflow import metaflow_git
    except ImportError:
        return  # older than 2.17: it does not ask
    metaflow_git.get_repository_info(os.path.dirname(path))
