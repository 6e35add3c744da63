"""
A deployment's datastore, opened without its flow.

A sysroot in the environment (the reader's own) wins over the root on record, since the same datastore may be mounted elsewhere there. But
what is not in it may still be in reach where it was put.
"""

import os


def roots(implementation, root, fixed=False):
    """Where to look, in this order: the reader's own root, unless `fixed`, and the one on record."""
    own = None
    if not fixed and os.environ.get("METAFLOW_DATASTORE_SYSROOT_%s" % implementation.TYPE.upper()):
        own = implementation.get_datastore_root_from_config(lambda *_, **__: None, create_on_absent=False)
    return list(dict.fromkeys(place for place in (own, root) if place))


def implementation_of(kind):
    """Metaflow's storage class of that type."""
    from metaflow.plugins import DATASTORES

    found = next((each for each in DATASTORES if each.TYPE == kind), None)
    if found is None:
        raise ValueError("There is no datastore of type %r." % kind)
    return found


def open_storages(kind, root, fixed=False):
    """Metaflow's storages of type `kind`, one for each of the places to look in."""
    implementation = implementation_of(kind)
    return [implementation(place) for place in roots(implementation, root, fixed)]
