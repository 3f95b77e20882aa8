"""What a scenario is, and what all of them begin with."""

import os
import uuid

# Read when mlflow is imported.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

SCENARIOS = []
client = MlflowClient()


def scenario(function):
    SCENARIOS.append(function)
    return function


def unique(name):
    return f"{name}-{uuid.uuid4().hex[:8]}"


def new_run(**kwargs):
    return client.create_run(client.create_experiment(unique("experiment")), **kwargs)


def refuses(code, function):
    """Expects the error code of the original."""
    try:
        function()
    except MlflowException as error:
        assert error.error_code == code, f"expected {code}, got {error.error_code}: {error.message}"
        return error
    raise AssertionError(f"expected {code}, but it went through")
