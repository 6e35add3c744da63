"""What `init` says, put into effect: environment, path and working directory, all before Metaflow is imported."""

import os
import sys
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

#: Id of the task that holds a run's parameters.
PARAMETERS_TASK_ID = "temporal-_parameters-0"
#: The deployment decides these, whoever's account the worker runs under.
_OWNED = ("METAFLOW_USER", "METAFLOW_OWNER")


def forget_configs() -> None:
    """Drop variables that give Configs. They are among the options, as values; Metaflow refuses the same one as a file, too."""
    for name in ("METAFLOW_FLOW_CONFIG", "METAFLOW_FLOW_CONFIG_VALUE"):
        os.environ.pop(name, None)


@dataclass
class Settings:
    """One deployment, as this launcher serves it."""

    file: str
    directory: str
    options: List[str]
    mode: str
    preload: List[str]
    package: Optional[Dict[str, str]]
    cache: Optional[str]
    datastore: Dict[str, str]
    flow: Optional[str]
    #: Folder of the flow file as it is run: `sys.path[0]` of every task.
    source: str = ""
    #: Working directory of every task.
    workdir: str = ""
    environment: Dict[str, str] = field(default_factory=dict)
    #: Whether forks were asked for, rather than taken as the default.
    insists: bool = False

    @property
    def path(self) -> str:
        """Absolute path of the flow file."""
        return os.path.join(self.source, self.file)

    @staticmethod
    def read(init: Dict[str, Any]) -> "Settings":
        """From the `init` line."""
        mode = init.get("mode") or "auto"
        if mode == "auto":
            mode = "fork" if sys.platform == "linux" else "spawn"
        return Settings(
            file=init["file"],
            directory=init.get("directory") or os.getcwd(),
            options=list(init.get("options") or []),
            mode=mode,
            preload=list(init.get("preload") or []),
            package=init.get("package") or None,
            cache=init.get("cache") or None,
            datastore=init.get("datastore") or {},
            flow=init.get("flow"),
            environment=dict(init.get("environment") or {}),
            insists=init.get("mode") == "fork",
        )

    @property
    def datastore_root(self) -> Optional[str]:
        """Where the datastore lies: a root given as an option stands; else the worker's own sysroot wins over the deployment's root."""
        root = self.datastore.get("root")
        kind = self.datastore.get("type", "local")
        sysroot = os.environ.get(f"METAFLOW_DATASTORE_SYSROOT_{kind.upper()}")
        if not sysroot or "--datastore-root" in self.options:
            return root
        return os.path.join(sysroot, ".metaflow") if kind == "local" else sysroot

    def apply_environment(self) -> None:
        """The worker's own variables win, but for those that belong to the deployment."""
        for name, value in self.environment.items():
            if name in _OWNED:
                os.environ[name] = value
            else:
                os.environ.setdefault(name, value)
        # Metaflow turns it into the `runtime:` tag.
        os.environ["METAFLOW_RUNTIME_NAME"] = "temporal"
        os.environ["PYTHONUNBUFFERED"] = "x"
        # Metaflow starts the mappers of @parallel with a plain `python`: let that be this one, also where no environment is active.
        folder = os.path.dirname(sys.executable)
        path = os.environ.get("PATH", "")
        if os.path.exists(os.path.join(folder, "python")) and path.split(os.pathsep)[0] != folder:
            os.environ["PATH"] = folder + os.pathsep + path
        forget_configs()
        for name in ("METAFLOW_CODE_SHA", "METAFLOW_CODE_URL", "METAFLOW_CODE_DS", "METAFLOW_CODE_METADATA"):
            os.environ.pop(name, None)
        if self.package:
            root, own = self.datastore.get("root"), self.datastore_root
            if root and own and self.package["url"].startswith(root):
                # `Task.code` reads from there: where this worker's tasks write is where others read.
                self.package = {**self.package, "url": own.rstrip("/") + self.package["url"][len(root.rstrip("/")) :]}
            os.environ["METAFLOW_CODE_SHA"] = self.package["sha"]
            os.environ["METAFLOW_CODE_URL"] = self.package["url"]
            os.environ["METAFLOW_CODE_DS"] = self.datastore.get("type", "local")
            os.environ["METAFLOW_CODE_METADATA"] = self.package.get("metadata", "")

    def enter(self, source: str) -> None:
        """Run the flow from `source`: path and working directory."""
        self.source = os.path.abspath(source)
        flow_directory = os.path.dirname(self.path)
        sys.path[:] = [flow_directory] + [p for p in sys.path if p != flow_directory]
        self.workdir = self._workdir()
        os.chdir(self.workdir)

    def _workdir(self) -> str:
        if not self.package:
            # `mft run`: where `metaflow run` would run, the caller's directory.
            return os.getcwd()
        if self.datastore.get("type", "local") == "local":
            # Local cards and metadata are found by looking for `.metaflow` from the working directory upwards.
            root = os.environ.get("METAFLOW_DATASTORE_SYSROOT_LOCAL")
            if not root and self.datastore.get("root"):
                root = os.path.dirname(self.datastore["root"].rstrip("/"))
            if root and os.path.isdir(root):
                return os.path.abspath(root)
        return self.source
