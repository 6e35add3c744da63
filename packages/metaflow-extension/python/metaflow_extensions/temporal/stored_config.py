"""
Print a config that `temporal inspect --save-config` stored: `python -m metaflow_extensions.temporal.stored_config TYPE ROOT FLOW HASH [fixed]`.

Without `fixed`, a sysroot in the environment (the worker's own) wins over ROOT. Exit status 4 says that there is none of that hash; any other failure is Python's own, with its traceback.
"""

import os
import sys

NOT_FOUND = 4


def load(kind, root, flow_name, config_hash, fixed=None):
    """Return the config's bytes, or None where the datastore has none of that hash."""
    from metaflow.plugins import DATASTORES

    from .inspection.package import config_path

    implementation = next((each for each in DATASTORES if each.TYPE == kind), None)
    if implementation is None:
        raise ValueError("There is no datastore of type %r." % kind)
    if not fixed and os.environ.get("METAFLOW_DATASTORE_SYSROOT_%s" % kind.upper()):
        root = implementation.get_datastore_root_from_config(lambda *_, **__: None, create_on_absent=False) or root
    path = config_path(flow_name, config_hash)
    with implementation(root).load_bytes([path]) as loaded:
        for _, file, _ in loaded:
            if file is not None:
                with open(file, "rb") as stream:
                    return stream.read()
    return None


def main(argv):
    found = load(*argv)
    if found is None:
        return NOT_FOUND
    sys.stdout.buffer.write(found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
