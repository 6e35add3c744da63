"""A run that was triggered through the Deployer."""

import time
from typing import Any, ClassVar, Dict, Optional

from metaflow.exception import MetaflowNotFound
from metaflow.runner.deployer import TriggeredRun

from .calls import TemporalError, mft_call

#: Status as the Deployer says it, by the status of `mft status`.
STATUS: Dict[str, str] = {
    "running": "RUNNING",
    "completed": "SUCCEEDED",
    "failed": "FAILED",
    "cancelled": "CANCELLED",
    "terminated": "TERMINATED",
    "timed_out": "TIMED_OUT",
}


class TemporalTriggeredRun(TriggeredRun):
    """
    A run of a deployment on Temporal.

    `pathspec` names the run in Metaflow, `run` is Metaflow's own object for it.
    """

    TYPE: ClassVar[Optional[str]] = "temporal"

    @property
    def run(self) -> "Optional[metaflow.Run]":  # noqa: F821
        """
        Metaflow's `Run` object, in whatever namespace; it reads from where the deployment keeps its metadata.

        Returns
        -------
        Run, optional
            None until the run has been registered, a moment after a worker took it up.
        """
        from metaflow import Run

        try:
            return Run(self.pathspec, _namespace_check=False, _current_metadata=self.metadata_for_flow)
        except MetaflowNotFound:
            return None

    @property
    def run_id(self) -> str:
        """Metaflow's id of the run."""
        return self.pathspec.split("/")[1]

    @property
    def details(self) -> Optional[Dict[str, Any]]:
        """
        What `mft status --json` says of the run: `status`, `startedAt`, `endedAt`, `workflowId`, counts of tasks by step, the error,
        and, once compensation began, `compensation`: `total`, `compensated`, `failed`, `unreached`.

        Returns
        -------
        Dict[str, Any], optional
            None where Temporal does not know the run (any more).
        """
        try:
            return self._mft("status")
        except TemporalError as error:
            if error.code == "RUN_NOT_FOUND":
                return None
            raise

    @property
    def status(self) -> Optional[str]:
        """
        How the run is doing, as Temporal knows it; so a failure shows before the first task too.

        Returns
        -------
        str, optional
            `PENDING` (accepted, and no worker took it up yet), `RUNNING`, `SUCCEEDED`, `FAILED`, `CANCELLED`, `TERMINATED` or
            `TIMED_OUT`; None where Temporal does not know the run.
        """
        details = self.details
        if details is None:
            return None
        status = STATUS.get(details["status"], details["status"].upper())
        return "PENDING" if status == "RUNNING" and self.run is None else status

    @property
    def is_running(self) -> bool:
        """Whether the run has not ended: it is `PENDING` or `RUNNING`, be it suspended or not."""
        details = self.details
        return details is not None and details["status"] == "running"

    @property
    def is_suspended(self) -> bool:
        """Whether the run is suspended: no new task starts until `unsuspend`."""
        return bool((self.details or {}).get("suspended"))

    def wait_for_completion(self, check_interval: int = 5, timeout: Optional[int] = None) -> None:
        """
        Wait for the end of the run, whichever it is.

        Parameters
        ----------
        check_interval : int, default 5
            Seconds between two looks.
        timeout : int, optional, default None
            Seconds to wait at most. None waits as long as it takes.

        Raises
        ------
        TimeoutError
            If the run has not ended by then.
        """
        start = time.monotonic()
        while self.is_running:
            if timeout is not None and time.monotonic() - start > timeout:
                raise TimeoutError("Run %s has not ended within %s seconds." % (self.pathspec, timeout))
            time.sleep(check_interval)

    def terminate(self, reason: Optional[str] = None, compensate: bool = False) -> bool:
        """
        End the run at once: its tasks are killed, nothing is compensated unless that is asked for.

        Parameters
        ----------
        reason : str, optional, default None
            Why, for those who look at the run in Temporal.
        compensate : bool, default False
            Undo what the run did before it ends; it is running until then.

        Returns
        -------
        bool
            Whether it was running; False where it had ended before.
        """
        return self._act("terminate", *(["--reason=%s" % reason] if reason else []), *(["--compensate"] if compensate else []))

    def cancel(self) -> bool:
        """
        End the run in good order: its tasks are told to stop, compensations run.

        Returns
        -------
        bool
            Whether it was running; False where it had ended before.
        """
        return self._act("cancel")

    def suspend(self) -> bool:
        """
        Start no more tasks of the run; those that run go on to their end.

        Returns
        -------
        bool
            Whether it was running; False where it had ended before.
        """
        return self._act("suspend")

    def unsuspend(self) -> bool:
        """
        Go on with the suspended run.

        Returns
        -------
        bool
            Whether it was running; False where it had ended before.
        """
        return self._act("unsuspend")

    def _act(self, verb: str, *words: str) -> bool:
        try:
            self._mft(verb, *words)
        except TemporalError as error:
            if error.code in ("RUN_NOT_FOUND", "RUN_ENDED"):
                return False
            raise
        return True

    def _mft(self, verb: str, *words: str) -> Dict[str, Any]:
        deployer = self.deployer
        return mft_call([verb, self.pathspec, *words], deployer.deployer_kwargs, deployer.env_vars, deployer.cwd)
