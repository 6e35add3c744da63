"""Decorators as a third party would bring them, found by Metaflow because this folder lies beside the flows."""

import os

STEP_DECORATORS_DESC = [
    ("recorded", ".recording.RecordedDecorator"),
    ("recorded_ctx", ".recording_ctx.RecordedCtxDecorator"),
    ("elsewhere", ".elsewhere.ElsewhereDecorator"),
    ("interpreted", ".interpreted.InterpretedDecorator"),
]
FLOW_DECORATORS_DESC = [("recorded_flow", ".recording.RecordedFlowDecorator")]
CLIS_DESC = [("elsewhere", ".elsewhere_cli.cli")]

if "RECORDED_COMMANDS" in os.environ:
    from metaflow_extensions.mft_e2e.plugins.spawned import record_instead

    record_instead()
    del record_instead
