"""The code package where Metaflow expects one: a deployment's, saved already and never built again, or one that is built on demand."""

import os
from io import BytesIO
from typing import Any, Dict, Optional


def use_stored_package(package: Dict[str, str]) -> None:
    """Make `MetaflowPackage(…)` in this process stand for the deployment's package."""
    import metaflow.package
    from metaflow.package import MetaflowPackage

    class StoredPackage(MetaflowPackage):  # type: ignore[misc]
        """Answers decorators that ask for the package's hash, url or bytes."""

        def __init__(self, flow: Any, environment: Any, echo: Any, **options: Any) -> None:
            environment.init_environment(echo)
            self._environment, self._flow, self._echo = environment, flow, echo
            self._flow_datastore = options.get("flow_datastore")
            self._stored: Optional[bytes] = None

        def package_sha(self, timeout: Optional[float] = None) -> str:
            return package["sha"]

        def package_url(self, timeout: Optional[float] = None) -> str:
            return package["url"]

        @property
        def package_metadata(self) -> str:
            return package.get("metadata") or os.environ.get("METAFLOW_CODE_METADATA", "")

        def blob_with_timeout(self, timeout: Optional[float] = None) -> Any:
            if self._stored is None:
                from metaflow.datastore import FlowDataStore

                store = self._flow_datastore or FlowDataStore(self._flow.name)
                # Metaflow's own answers with bytes, whatever it declares: decorators hand them to the datastore.
                self._stored = bytes(next(iter(store.load_data([package["sha"]], force_raw=True)))[1])
            return self._stored

        def extract_into(self, dest_dir: str = ".", *content_types: Any, **options: Any) -> None:
            """What @conda gives its interpreters to import."""
            self.cls_extract_into(self.package_metadata, BytesIO(self.blob_with_timeout()), dest_dir, *content_types, **options)

    metaflow.package.MetaflowPackage = StoredPackage


def package_late() -> None:
    """
    Build a package only when somebody asks for it. Metaflow does so in a thread as soon as a run begins, and where packages are not
    uploaded anyway (the default of local runs) nobody ever reads it: a tenth of a second of processor time a run.
    """
    import types

    import metaflow.package
    from metaflow.decorators import StepDecorator
    from metaflow.metaflow_config import FEAT_ALWAYS_UPLOAD_CODE_PACKAGE
    from metaflow.package import MetaflowPackage

    if FEAT_ALWAYS_UPLOAD_CODE_PACKAGE or not hasattr(metaflow.package, "threading"):
        return
    threading = metaflow.package.threading

    class LateThread:
        """A thread that starts when it is first waited for."""

        def __init__(self, **options: Any) -> None:
            self._thread = threading.Thread(**options)

        def start(self) -> None:
            pass

        def join(self, timeout: Optional[float] = None) -> None:
            if self._thread.ident is None:
                self._thread.start()
            self._thread.join(timeout)

    def prepares(deco: Any) -> bool:
        # A decorator that has work to do when the package is made counts on it being made.
        return type(deco).package_init is not StepDecorator.package_init or getattr(deco, "package_init_ctx", None) is not None

    class LatePackage(MetaflowPackage):  # type: ignore[misc]
        """A package that is built on demand."""

        def __init__(self, flow: Any, *args: Any, **options: Any) -> None:
            if not flow or any(prepares(deco) for step in flow for deco in step.decorators):
                super().__init__(flow, *args, **options)
                return
            metaflow.package.threading = types.SimpleNamespace(Thread=LateThread)
            try:
                super().__init__(flow, *args, **options)
            finally:
                metaflow.package.threading = threading

    metaflow.package.MetaflowPackage = LatePackage
