"""A deployment, as the Deployer's `create` returns it and `from_deployment` finds it again."""

import json
import os
import shutil
import tempfile
import weakref
from typing import Any, ClassVar, Dict, Iterator, List, Optional

from metaflow.runner.deployer import DeployedFlow

from ..cli import tokens
from . import standin
from .calls import mft_call, start_run
from .deployer import TemporalDeployer
from .triggered_run import STATUS, TemporalTriggeredRun


class TemporalDeployedFlow(DeployedFlow):
    """
    A flow that is deployed on Temporal.

    `name` names the deployment, `flow_name` the flow; `metadata` says where its runs are found.
    """

    TYPE: ClassVar[Optional[str]] = "temporal"

    @property
    def id(self) -> str:
        """What `from_deployment` finds this deployment by: its name."""
        return self.name

    @property
    def config(self) -> Optional[Dict[str, Any]]:
        """The compiled flow, of `create(only_json=True)`; None otherwise."""
        return getattr(self.deployer, "additional_info", {}).get("config")

    @classmethod
    def list_deployed_flows(cls, flow_name: Optional[str] = None) -> "Iterator[TemporalDeployedFlow]":
        """
        All deployments of the Temporal namespace.

        Parameters
        ----------
        flow_name : str, optional, default None
            Only those of this flow.

        Yields
        ------
        TemporalDeployedFlow
            One deployment.
        """
        words = ["list"] + (["--flow=%s" % flow_name] if flow_name else [])
        for described in mft_call(words, {})["deployments"]:
            yield cls.from_deployment(described["name"])

    @classmethod
    def from_deployment(cls, identifier: str, metadata: Optional[str] = None) -> "TemporalDeployedFlow":
        """
        Find a deployment that was made earlier, here or on another machine. The flow's file is not needed.

        Parameters
        ----------
        identifier : str
            Name of the deployment: `HelloFlow`, or `project.branch.HelloFlow`. The connection is that of the environment.
        metadata : str, optional, default None
            Where its runs are found (`service@https://…`). Default: where the deployment stores them.

        Returns
        -------
        TemporalDeployedFlow
            The deployment.
        """
        described = mft_call(["show", identifier], {})
        directory = tempfile.mkdtemp(prefix="metaflow-temporal-")
        file = os.path.join(directory, "%s.py" % described["flow"])
        with open(file, "w", encoding="utf-8") as out:
            out.write(standin.source(described["flow"], described["parameters"]))
        # As for a worker elsewhere: the deployment's settings fill in what this machine does not set itself.
        settings = {name: value for name, value in described["environment"].items() if name not in os.environ}
        deployer = TemporalDeployer(
            deployer_kwargs={"name": described["name"]},
            flow_file=file,
            env={**settings, "METAFLOW_USER": described["user"]},
            datastore=described["datastore"]["type"],
            metadata=described["metadata"]["type"],
            quiet=True,
        )
        weakref.finalize(deployer, shutil.rmtree, directory, ignore_errors=True)
        deployer.name = described["name"]
        deployer.flow_name = described["flow"]
        deployer.metadata = metadata or "%s@%s" % (described["metadata"]["type"], described["metadata"]["info"])
        deployer.additional_info = {}
        return cls(deployer=deployer)

    @classmethod
    def get_triggered_run(cls, identifier: str, run_id: str, metadata: Optional[str] = None) -> TemporalTriggeredRun:
        """
        A run of a deployment, by its id.

        Parameters
        ----------
        identifier : str
            Name of the deployment.
        run_id : str
            Metaflow's run id: `temporal-…`.
        metadata : str, optional, default None
            As for `from_deployment`.

        Returns
        -------
        TemporalTriggeredRun
            The run.
        """
        return cls.from_deployment(identifier, metadata)._run(run_id)

    def trigger(self, **kwargs: Any) -> TemporalTriggeredRun:
        """
        Start a run of this deployment.

        Parameters
        ----------
        **kwargs : Any
            The flow's parameters; those left out have the values of the deployment. Also `tags` (a list), `workflow_timeout`
            (seconds), `max_num_splits` (a foreach over more items fails the run) and `compensate_parallel` (handlers at a time within
            one foreach); `run_params` takes parameters as a list of `name=value`.

        Returns
        -------
        TemporalTriggeredRun
            The run, as soon as Temporal has accepted it.
        """
        return self._started(start_run(self.deployer, "trigger", kwargs))

    def run(self, **kwargs: Any) -> TemporalTriggeredRun:
        """The same as `trigger`."""
        return self.trigger(**kwargs)

    def resume(self, origin_run_id: str, step_to_rerun: Optional[str] = None, **kwargs: Any) -> TemporalTriggeredRun:
        """
        Start a new run that takes over the finished tasks of an earlier one, and its parameters.

        Parameters
        ----------
        origin_run_id : str
            The earlier run's id; one that `metaflow run` made will do as well.
        step_to_rerun : str, optional, default None
            Run this step and all after it again.
        **kwargs : Any
            `tags`, `workflow_timeout`, `max_num_splits` and `compensate_parallel`, as for `trigger`; `compensate_cloned=True`: if the run does not
            complete, undo what it took over from the earlier one, too.

        Returns
        -------
        TemporalTriggeredRun
            The new run.
        """
        from ..cli.resume_verb import resume as verb

        options = {option.name for option in verb.params}
        given: Dict[str, Any] = {"origin_run_id": origin_run_id}
        if step_to_rerun is not None:
            given["step_to_rerun"] = step_to_rerun
        given.update((name, value) for name, value in kwargs.items() if name in options)
        parameters = {name: value for name, value in kwargs.items() if name not in options}
        return self._started(start_run(self.deployer, "resume", given, parameters))

    def list_runs(self, states: Optional[List[str]] = None) -> List[TemporalTriggeredRun]:
        """
        The runs of this deployment, the newest first.

        Parameters
        ----------
        states : List[str], optional, default None
            Only those in one of these states: RUNNING, SUCCEEDED, FAILED, CANCELLED, TERMINATED, TIMED_OUT.

        Returns
        -------
        List[TemporalTriggeredRun]
            The runs that Temporal still knows.
        """
        wanted = {status for status, name in STATUS.items() if states is None or name in states}
        unknown = set(states or ()) - set(STATUS.values())
        if unknown:
            raise ValueError("There is no state %s; states are %s." % (", ".join(sorted(unknown)), ", ".join(STATUS.values())))
        found = self._mft("runs", "--deployment=%s" % self.name, "--limit=1000")
        return [self._run(each["runId"]) for each in found["runs"] if each["status"] in wanted]

    @property
    def production_token(self) -> Optional[str]:
        """
        The production token of the deployment.

        Returns
        -------
        str, optional
            None where it is no production deployment of a flow with `@project`.
        """
        return tokens.of(self._mft("show", self.name))

    def delete(self, authorize: Optional[str] = None) -> bool:
        """
        Delete the deployment. Runs that are under way go on, and what runs have stored is kept.

        Parameters
        ----------
        authorize : str, optional, default None
            Production token, where somebody else made a deployment that has one.

        Returns
        -------
        bool
            True.
        """
        described = self._mft("show", self.name)
        tokens.check(described, authorize)
        token = tokens.of(described)
        self._mft("delete", self.name, *([] if token is None else ["--authorize=%s" % token]))
        return True

    def _started(self, content: str) -> TemporalTriggeredRun:
        # Where a deployment keeps its runs is known by its record, not by the folder that it is triggered from.
        return TemporalTriggeredRun(deployer=self.deployer, content=json.dumps({**json.loads(content), "metadata": self.metadata}))

    def _run(self, run_id: str) -> TemporalTriggeredRun:
        content = {"metadata": self.metadata, "pathspec": "%s/%s" % (self.flow_name, run_id), "name": self.name}
        return TemporalTriggeredRun(deployer=self.deployer, content=json.dumps(content))

    def _mft(self, *words: str) -> Dict[str, Any]:
        deployer = self.deployer
        return mft_call(list(words), deployer.deployer_kwargs, deployer.env_vars, deployer.cwd)
