"""What `@exit_hook` asks for, as Metaflow's decorator has read it."""


def describe(flow):
    """Return {"success": [name], "error": [name]} in the order of the decorators; None where the flow has no exit hook."""
    decorators = flow._flow_decorators.get("exit_hook") or []
    found = {
        "success": [name for each in decorators for name in each.success_hooks],
        "error": [name for each in decorators for name in each.error_hooks],
    }
    return found if found["success"] or found["error"] else None
