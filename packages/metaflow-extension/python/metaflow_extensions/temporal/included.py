"""
Upload the files of IncludeFile parameters, as Metaflow does when a deployment is triggered:
`python -m metaflow_extensions.temporal.included`.

It reads one line of JSON, {"type", "flow", "files": {parameter: {"path", "binary", "encoding"}}}, and prints {parameter: descriptor},
which a run takes in place of a path.
"""

import json
import sys


def store(kind, flow_name, path, binary, encoding):
    """Put one file into the datastore of type `kind`; return what stands for it."""
    from metaflow.includefile import CURRENT_UPLOADER, _dict_dataclients

    return CURRENT_UPLOADER.store(flow_name, path, not binary, encoding, _dict_dataclients[kind], lambda *_, **__: None)


def main(request):
    kind, flow_name = request["type"], request["flow"]
    return {
        name: store(kind, flow_name, one["path"], one.get("binary", False), one.get("encoding") or "utf-8")
        for name, one in request["files"].items()
    }


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.stdin.readline()))))
