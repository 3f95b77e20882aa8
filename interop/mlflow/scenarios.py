"""What the stock MLflow client does in earnest, each piece against the server that MLFLOW_TRACKING_URI names.

Prints one line of JSON for each scenario; see run.ts.
"""

import json
import sys
import time
import traceback
from pathlib import Path

import run_scenarios  # noqa: F401
import artifact_scenarios  # noqa: F401
import model_scenarios  # noqa: F401
from scenario import SCENARIOS


def main():
    wanted = sys.argv[1:]
    for function in SCENARIOS:
        name = function.__name__.replace("_", " ")
        if wanted and function.__name__ not in wanted:
            continue
        started = time.perf_counter()
        record = {"name": name, "ok": True, "detail": ""}
        try:
            record["detail"] = function() or ""
        except BaseException as error:
            at = traceback.extract_tb(error.__traceback__)
            lines = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in at]
            record |= {"ok": False, "detail": f"{type(error).__name__}: {error} ({' < '.join(reversed(lines))})"[:1500]}
            if isinstance(error, KeyboardInterrupt):
                raise
        record["seconds"] = round(time.perf_counter() - started, 2)
        print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
