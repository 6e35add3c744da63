"""
Print a config that `temporal inspect --save-config` stored: `python -m metaflow_extensions.temporal.stored_config TYPE ROOT FLOW HASH [fixed]`.

Without `fixed`, it is looked for in the sysroot of the environment (the worker's own) before ROOT. Exit status 4 says that there is none of that hash; any other failure is Python's own, with its traceback.
"""

import sys

from . import once

NOT_FOUND = 4


def load(kind, root, flow_name, config_hash, fixed=None):
    """Return the config's bytes, or None where the datastore has none of that hash."""
    from .inspection.package import config_path
    from .storage import open_storages

    path = config_path(flow_name, config_hash)
    for storage in open_storages(kind, root, fixed):
        with storage.load_bytes([path]) as loaded:
            for _, file, _ in loaded:
                if file is not None:
                    with open(file, "rb") as stream:
                        return stream.read()
    return None


def main(argv):
    # Started from the copy that Node carries: where another is installed, Metaflow refuses to see both.
    once.step_aside()
    found = load(*argv)
    if found is None:
        return NOT_FOUND
    sys.stdout.buffer.write(found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
