"""A deployment's datastore, opened without its flow."""

import os


def open_storage(kind, root, fixed=False):
    """
    Return Metaflow's storage of type `kind` at `root`.

    Unless `fixed`, a sysroot in the environment (the reader's own) wins over `root`.
    """
    from metaflow.plugins import DATASTORES

    implementation = next((each for each in DATASTORES if each.TYPE == kind), None)
    if implementation is None:
        raise ValueError("There is no datastore of type %r." % kind)
    if not fixed and os.environ.get("METAFLOW_DATASTORE_SYSROOT_%s" % kind.upper()):
        root = implementation.get_datastore_root_from_config(lambda *_, **__: None, create_on_absent=False) or root
    return implementation(root)
