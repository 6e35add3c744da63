"""What the extension adds to Metaflow. Read by Metaflow at every `import metaflow`: keep it light."""

import os
import sys

STEP_DECORATORS_DESC = [
    ("temporal_internal", "metaflow_extensions.temporal.plugins.temporal_internal_decorator.TemporalInternalDecorator"),
]
CLIS_DESC = [("temporal", "metaflow_extensions.temporal.cli.group.cli")]
DEPLOYER_IMPL_PROVIDERS_DESC = [("temporal", "metaflow_extensions.temporal.deployer.deployer.TemporalDeployer")]

if os.environ.get("METAFLOW_TEMPORAL_TRIGGERS"):
    # A process of a task that the launcher did not fork. Metaflow is about to be imported: what is needed of it is there.
    from metaflow_extensions.temporal.trigger import install_in_step

    install_in_step()
    del install_in_step

if os.environ.get("MFT_FD_OUT") and "inspect" in sys.argv:
    # An inspection: errors that Metaflow raises before our command is reached must be answered too.
    from metaflow_extensions.temporal.inspection.refusal import watch

    watch()
    del watch
