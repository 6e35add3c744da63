"""`Deployer(…).temporal(…)`. Imported by Metaflow at every `import metaflow`: keep it light."""

from typing import TYPE_CHECKING, Any, ClassVar, Dict, Optional, Type

from metaflow.runner.deployer_impl import DeployerImpl

if TYPE_CHECKING:
    from .deployed_flow import TemporalDeployedFlow


class TemporalDeployer(DeployerImpl):
    """
    Deploys a flow to Temporal.

    Parameters
    ----------
    name : str, optional, default None
        Name of the deployment. Default: the flow's name, under @project `project.branch.Flow`.
    address : str, optional, default None
        Temporal server, as host:port. Default: TEMPORAL_ADDRESS, else a local server.
    temporal_namespace : str, optional, default None
        Temporal's namespace. Default: TEMPORAL_NAMESPACE, else `default`.
    profile : str, optional, default None
        Profile of temporal.toml. Further options of the connection, as `python flow.py temporal --help` lists them:
        `api_key`, `tls`, `tls_cert_path`, `tls_key_path`, `tls_ca_path`, `tls_server_name`, `data_converter`.
    """

    TYPE: ClassVar[Optional[str]] = "temporal"

    def __init__(self, deployer_kwargs: Dict[str, Any], **kwargs: Any) -> None:
        self._deployer_kwargs = deployer_kwargs
        super().__init__(**kwargs)

    @property
    def deployer_kwargs(self) -> Dict[str, Any]:
        return self._deployer_kwargs

    @staticmethod
    def deployed_flow_type() -> "Type[TemporalDeployedFlow]":
        from .deployed_flow import TemporalDeployedFlow

        return TemporalDeployedFlow

    def create(self, **kwargs: Any) -> "TemporalDeployedFlow":
        """
        Deploy the flow: save its code package and record the deployment in Temporal.

        Parameters
        ----------
        tags : List[str], optional, default None
            Tag every run.
        user_namespace : str, optional, default None
            Namespace that the flow's own client calls see.
        workflow_timeout : int, optional, default None
            End each run after this many seconds.
        task_queue : str, optional, default None
            Temporal task queue. Default: `metaflow-<name>`.
        max_workers : int, optional, default None
            Tasks at a time, for workers that are not told otherwise.
        preload : str, optional, default None
            Python modules to import once for all tasks, separated by commas; `auto`: what the flow imports and is known to be safe.
        max_num_splits : int, optional, default None
            A foreach over more items fails the run; any number is allowed, if not given.
        compensate_parallel : int, optional, default None
            Compensation handlers at a time within one foreach of a run; one, if not given.
        exit_hook_timeout : int, optional, default None
            Seconds that each exit hook may take. Default: 3600.
        schedule : bool, optional, default None
            Start runs by the flow's @schedule, or not. Default: yes, but not for a user's branch of a @project.
        schedule_overlap : str, optional, default None
            What a run that is due does while another goes on: allow-all (default), skip, buffer-one, buffer-all, cancel-other,
            terminate-other.
        schedule_catchup : int, optional, default None
            Seconds that a run may be late, the server having been away. Default: 3540.
        schedule_jitter : int, optional, default None
            Begin each run up to so many seconds later, by chance. Default: 0.
        schedule_pause_on_failure : bool, optional, default False
            Pause the schedule when a run fails; not where runs may overlap.
        authorize : str, optional, default None
            Production token of the deployment, where somebody else made it.
        generate_new_token : bool, optional, default False
            Make a new production token; moves the flow to a new namespace.
        only_json : bool, optional, default False
            Compile only: the answer's `config` is the compiled flow; nothing is saved or recorded.
        output : str, optional, default None
            Worker file to write, relative to the deployer's `cwd`.

        Returns
        -------
        TemporalDeployedFlow
            The deployment.
        """
        from .calls import listed

        return self._create(self.deployed_flow_type(), **listed(kwargs))


_addl_stubgen_modules = [
    "metaflow_extensions.temporal.deployer.deployed_flow",
    "metaflow_extensions.temporal.deployer.triggered_run",
]
