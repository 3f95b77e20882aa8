"""Reads all runs of an experiment through MLflow's own client, page after page, and prints how long that took."""

import argparse
import json
import time

import requests
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.protos.service_pb2 import SearchRuns
from mlflow.utils.proto_json_utils import parse_dict

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
seconds = time.perf_counter() - start

# What the client needs by itself, whatever the server: to make its objects of the text of a page, for all pages.
request = {"experiment_ids": [arguments.experiment], "max_results": 1000}
text = requests.post(f"{arguments.uri}/api/2.0/mlflow/runs/search", json=request, timeout=60).text
start = time.perf_counter()
reply = SearchRuns.Response()
parse_dict(json.loads(text), reply)
parsed = [Run.from_proto(run) for run in reply.runs]
own = (time.perf_counter() - start) * runs / len(parsed)

print(json.dumps({"runs": runs, "metrics": metrics, "seconds": seconds, "ownSeconds": own}))
