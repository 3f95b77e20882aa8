"""Reads all runs of an experiment through MLflow's own client, page after page, and prints how long that took."""

import argparse
import json
import time

from mlflow import MlflowClient

parser = argparse.ArgumentParser()
parser.add_argument("--uri", required=True)
parser.add_argument("--experiment", required=True)
arguments = parser.parse_args()

client = MlflowClient(tracking_uri=arguments.uri)
# The first call of a client is slow by itself.
client.get_experiment(arguments.experiment)
start = time.perf_counter()
runs = metrics = 0
token = None
while True:
    page = client.search_runs([arguments.experiment], max_results=1000, page_token=token)
    runs += len(page)
    metrics += sum(len(run.data.metrics) for run in page)
    token = page.token
    if not token:
        break
print(json.dumps({"runs": runs, "metrics": metrics, "seconds": time.perf_counter() - start}))
