"""How often and how long a step is tried, as the step's own decorators answer, what it takes, and what undoes it."""

from . import compensation, resources

#: Further attempts where a worker or a launcher was lost, which is not the user's failure.
LOSSES = 2


def _number(value):
    number = float(value)
    return int(number) if number == int(number) else number


def _retry(decorators):
    user = error = 0
    never = False
    for decorator in decorators:
        more_user, more_error = decorator.step_task_retry_count()
        if more_user is None and more_error is None:
            never = True
            continue
        user, error = max(user, more_user or 0), max(error, more_error or 0)
    retries = [d for d in decorators if d.name == "retry"]
    wait = _number(retries[-1].attributes.get("minutes_between_retries") or 0) if retries else 0
    # @retry(times=0) says that the step must not run twice, and so does a decorator that answers (None, None).
    once = never or any(int(d.attributes.get("times") or 0) == 0 for d in retries)
    return {
        "user": 0 if never else int(user),
        "error": 0 if never else int(error),
        "minutesBetween": wait,
        "losses": 0 if once else LOSSES,
    }


def describe(flow, graph):
    """Return {step: {"retry": …, "timeout"?: seconds, "memory"?: MB, "compensate"?: …}}. Raises BadCompensation."""
    policies = {}
    handlers = compensation.describe(flow, graph)
    for name in graph.nodes:
        decorators = getattr(flow, name).decorators
        policy = {"retry": _retry(decorators)}
        for decorator in decorators:
            if decorator.name == "timeout" and getattr(decorator, "secs", 0):
                policy["timeout"] = int(decorator.secs)
        memory = resources.memory(decorators)
        if memory is not None:
            policy["memory"] = memory
        if name in handlers:
            policy["compensate"] = handlers[name]
        policies[name] = policy
    return policies


def decorator_names(flow, graph):
    """Return {decorator: [steps]}; a decorator of the flow itself has no steps. Metaflow's internal ones are left out."""
    found = {}
    for name in flow._flow_decorators:
        found.setdefault(name, [])
    for step in graph.nodes:
        function = getattr(flow, step)
        names = [d.name for d in function.decorators if not d.name.startswith("_")]
        for custom in list(getattr(function, "wrappers", [])) + list(getattr(function, "config_decorators", [])):
            # `__main__.announced`, `package.module.announced`
            names.append(custom.decorator_name.rsplit(".", 1)[-1])
        for name in names:
            if name.endswith("_internal"):
                continue
            steps = found.setdefault(name, [])
            if step not in steps:
                steps.append(step)
    return {name: sorted(steps) for name, steps in sorted(found.items())}
