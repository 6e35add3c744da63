"""What a step asks of the machine that runs it."""

#: Decorators that submit their step elsewhere: here it is a process that waits.
REMOTE = ("batch", "kubernetes")


def _runs_elsewhere(decorator):
    return decorator.name in REMOTE or getattr(decorator, "supports_conda_environment", False)


def _megabytes(decorator):
    # `@resources(cpu=2)` says nothing of memory: Metaflow's default of 4096 is for machines that are rented.
    if decorator.name != "resources" or "memory" not in decorator._user_defined_attributes:
        return 0
    try:
        return int(float(decorator.attributes["memory"]))
    except (TypeError, ValueError, OverflowError):
        # Metaflow's own runtime does not look at it either.
        return 0


def memory(decorators):
    """Return the MB that `@resources(memory=…)` says a step takes on this machine, None where it says nothing."""
    if any(_runs_elsewhere(decorator) for decorator in decorators):
        return None
    most = max((_megabytes(decorator) for decorator in decorators), default=0)
    return most if most > 0 else None
