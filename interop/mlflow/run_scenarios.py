"""Experiments, runs and what they log."""

import json
import math
import tempfile
import time
from pathlib import Path

from scenario import client, new_run, refuses, scenario, unique

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType


@scenario
def experiments():
    name = unique("experiment")
    identifier = client.create_experiment(name, tags={"team": "a"})
    assert client.get_experiment(identifier).name == name
    assert client.get_experiment_by_name(name).tags == {"team": "a"}
    assert client.get_experiment_by_name(unique("nobody")) is None
    client.set_experiment_tag(identifier, "team", "b")
    client.set_experiment_tag(identifier, "other", "c")
    client.delete_experiment_tag(identifier, "other")
    assert client.get_experiment(identifier).tags == {"team": "b"}
    client.rename_experiment(identifier, f"{name}-renamed")
    found = client.search_experiments(filter_string=f"name = '{name}-renamed' AND tags.team = 'b'")
    assert [experiment.experiment_id for experiment in found] == [identifier]
    refuses("RESOURCE_ALREADY_EXISTS", lambda: client.create_experiment(f"{name}-renamed"))
    client.delete_experiment(identifier)
    assert client.get_experiment(identifier).lifecycle_stage == "deleted"
    assert identifier not in {e.experiment_id for e in client.search_experiments()}
    deleted = client.search_experiments(view_type=ViewType.DELETED_ONLY)
    assert identifier in {e.experiment_id for e in deleted}
    client.restore_experiment(identifier)
    assert client.get_experiment(identifier).lifecycle_stage == "active"
    refuses("RESOURCE_DOES_NOT_EXIST", lambda: client.get_experiment("123456789"))


@scenario
def fluent_run():
    mlflow.set_experiment(unique("fluent"))
    with mlflow.start_run(run_name="first", tags={"a": "b"}, description="words") as run:
        mlflow.log_param("lr", 0.1)
        mlflow.log_params({"depth": 3, "name": "x" * 500})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"acc": 0.5, "f1": 0.25}, step=1)
        mlflow.set_tags({"x": "1", "y": "2"})
        mlflow.delete_tag("y")
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_dict({"a": [1, 2]}, "notes/data.json")
        with mlflow.start_run(nested=True) as child:
            mlflow.log_metric("inner", 1)
    found = mlflow.get_run(run.info.run_id)
    assert found.info.status == "FINISHED" and found.info.end_time >= found.info.start_time
    assert found.data.params == {"lr": "0.1", "depth": "3", "name": "x" * 500}
    assert found.data.metrics == {"loss": 0.2, "acc": 0.5, "f1": 0.25}
    assert found.data.tags["x"] == "1" and "y" not in found.data.tags
    assert found.data.tags["mlflow.note.content"] == "words"
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/hello.txt") == "hello"
    assert mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/notes/data.json") == {"a": [1, 2]}
    parent = mlflow.get_run(child.info.run_id).data.tags["mlflow.parentRunId"]
    assert parent == run.info.run_id


@scenario
def run_lifecycle():
    run = new_run(run_name="first", tags={"mlflow.user": "ada"})
    identifier = run.info.run_id
    client.update_run(identifier, status="FAILED", name="second")
    found = client.get_run(identifier)
    assert (found.info.status, found.info.run_name) == ("FAILED", "second")
    client.set_terminated(identifier, "KILLED", end_time=5)
    assert client.get_run(identifier).info.end_time == 5
    client.delete_run(identifier)
    assert client.get_run(identifier).info.lifecycle_stage == "deleted"
    experiments = [run.info.experiment_id]
    assert client.search_runs(experiments) == []
    assert len(client.search_runs(experiments, run_view_type=ViewType.DELETED_ONLY)) == 1
    refuses("INVALID_PARAMETER_VALUE", lambda: client.log_metric(identifier, "x", 1))
    client.restore_run(identifier)
    client.log_metric(identifier, "x", 1)
    refuses("RESOURCE_DOES_NOT_EXIST", lambda: client.get_run("0" * 32))


@scenario
def params_keep_their_value():
    identifier = new_run().info.run_id
    client.log_param(identifier, "a", "1")
    client.log_param(identifier, "a", "1")
    refuses("INVALID_PARAMETER_VALUE", lambda: client.log_param(identifier, "a", "2"))
    client.log_param(identifier, "long", "x" * 6000)
    assert len(client.get_run(identifier).data.params["long"]) == 6000
    client.log_param(identifier, "longer", "y" * 7000)
    assert client.get_run(identifier).data.params["longer"].startswith("y" * 6000)
    client.set_tag(identifier, "longest", "z" * 9000)
    assert client.get_run(identifier).data.tags["longest"].startswith("z" * 8000)


@scenario
def keys_and_ids_that_cannot_be():
    identifier = new_run().info.run_id
    for key in ["a#b", "../x", "a//b", "/x", "a\tb", "x" * 251]:
        refuses("INVALID_PARAMETER_VALUE", lambda key=key: client.log_metric(identifier, key, 1))
        refuses("INVALID_PARAMETER_VALUE", lambda key=key: client.log_param(identifier, key, "1"))
        refuses("INVALID_PARAMETER_VALUE", lambda key=key: client.set_tag(identifier, key, "1"))
    refuses("INVALID_PARAMETER_VALUE", lambda: client.get_experiment("first"))
    refuses("INVALID_PARAMETER_VALUE", lambda: client.search_runs(["first"]))
    # More than the server takes at once: it says so in place of breaking off.
    refuses("BAD_REQUEST", lambda: client.set_experiment_tag("0", "long", "x" * 9_000_000))


@scenario
def metrics_of_all_kinds():
    identifier = new_run().info.run_id
    values = [1.5, math.nan, math.inf, -math.inf, 1e300, -1e-300, 0.1 + 0.2]
    for step, value in enumerate(values):
        client.log_metric(identifier, "m", value, timestamp=1000 + step, step=step)
    history = client.get_metric_history(identifier, "m")
    for metric, value in zip(history, values, strict=True):
        same = math.isnan(metric.value) if math.isnan(value) else metric.value == value
        # The original stores the largest double in place of infinity.
        assert same or (math.isinf(value) and abs(metric.value) > 1e308), (metric.value, value)
    assert client.get_metric_history(identifier, "none") == []
    client.log_metric(identifier, "negative", 1, step=-3)
    assert client.get_metric_history(identifier, "negative")[0].step == -3


@scenario
def batches_and_pages_of_history():
    identifier = new_run().info.run_id
    metrics = [Metric("m", float(i), 1000 + i, i) for i in range(1000)]
    client.log_batch(identifier, metrics=metrics)
    params = [Param(f"p{i}", str(i)) for i in range(100)]
    tags = [RunTag(f"t{i}", str(i)) for i in range(100)]
    client.log_batch(identifier, metrics=metrics[:10], params=params, tags=tags)
    client.log_batch(identifier, metrics=[Metric("n", float(i), i, i) for i in range(2500)])
    history = client.get_metric_history(identifier, "m")
    assert [metric.value for metric in history] == [float(i) for i in range(1000)]
    assert len(client.get_metric_history(identifier, "n")) == 2500
    store = client._tracking_client.store
    first = store.get_metric_history(identifier, "m", max_results=600)
    second = store.get_metric_history(identifier, "m", max_results=600, page_token=first.token)
    assert (len(first), len(second), second.token) == (600, 400, None)
    assert [metric.step for metric in [*first, *second]] == list(range(1000))
    found = client.get_run(identifier)
    assert len(found.data.params) == 100 and found.data.metrics == {"m": 999.0, "n": 2499.0}


@scenario
def search_for_runs():
    experiment = client.create_experiment(unique("search"))
    for i in range(25):
        run = client.create_run(experiment, run_name=f"run {i:02}", start_time=1000 + i, tags={"mlflow.user": "ada"})
        client.log_metric(run.info.run_id, "acc", i / 10)
        client.log_metric(run.info.run_id, "val acc", i % 5)
        client.log_param(run.info.run_id, "lr", str(i % 3))
        client.set_tag(run.info.run_id, "fold", str(i % 2))
        if i % 2:
            client.set_terminated(run.info.run_id)

    def names(filter_string="", order_by=("attributes.start_time ASC",), **kwargs):
        runs = client.search_runs([experiment], filter_string, order_by=list(order_by), **kwargs)
        return [int(run.info.run_name[4:]) for run in runs]

    assert names("metrics.acc > 2.2") == [23, 24]
    assert names("metrics.acc >= 2.2 and params.lr = '1'") == [22]
    assert names("metrics.`val acc` = 4 AND tags.fold = '0'") == [4, 14, 24]
    assert names("params.lr != '0' and metrics.acc < 0.3") == [1, 2]
    assert names("tags.fold = '1' and attributes.status = 'FINISHED' and metric.acc <= 0.3") == [1, 3]
    assert names("attributes.run_name LIKE 'run 1%' and params.lr ILIKE '2'") == [11, 14, 17]
    assert names("run_name = 'run 07'") == [7]
    assert names("start_time > 1022") == [23, 24]
    assert len(names("attributes.user_id = 'ada'")) == 25
    assert names("attributes.artifact_uri LIKE '%nowhere%'") == []
    one = client.search_runs([experiment], "run_name = 'run 07'")[0].info
    assert names(f"artifact_uri = '{one.artifact_uri}'") == [7]
    assert names(f"run_id IN ('{one.run_id}')") == [7]
    assert len(names(f"run_id NOT IN ('{one.run_id}')")) == 24
    assert names("metrics.acc > 2", order_by=["metrics.`val acc` DESC", "metrics.acc"]) == [24, 23, 22, 21]
    pages, token = [], None
    while True:
        page = client.search_runs([experiment], order_by=["metrics.acc DESC"], max_results=7, page_token=token)
        pages.append(len(page))
        token = page.token
        if not token:
            break
    assert pages == [7, 7, 7, 4]
    frame = mlflow.search_runs([experiment], "metrics.acc > 2", order_by=["start_time"])
    assert list(frame["metrics.acc"]) == [2.1, 2.2, 2.3, 2.4] and "params.lr" in frame
    for bad in ["metrics.acc >", "nonsense.x = 'y'", "metrics.acc > 'high'", "attributes.nothing = 'x'"]:
        refuses("INVALID_PARAMETER_VALUE", lambda bad=bad: names(bad))


@scenario
def names_from_everywhere():
    for name in ["æøå 日本 🚢", "'; drop table runs; --", 'a "b" `c`', "../../etc", "%_*?", "__proto__"]:
        experiment = client.create_experiment(unique(name))
        run = client.create_run(experiment, run_name=name, tags={"text": name}).info.run_id
        client.log_param(run, "value", name)
        found = client.get_run(run)
        assert found.info.run_name == name and found.data.params["value"] == name and found.data.tags["text"] == name
    run = new_run().info.run_id
    for key in ["a/b", "a b", "a.b-c_d", "æøå"]:
        client.log_metric(run, key, 1)
        client.log_param(run, key, "1")
        client.set_tag(run, key, "1")
        assert client.get_metric_history(run, key)[0].value == 1
    with tempfile.TemporaryDirectory() as folder:
        for name in ["sætning 日本.txt", "with space (1) & more.txt", "100%.txt", "a+b=c.txt", "dot.file.tar.gz"]:
            Path(folder, name).write_text(name)
            client.log_artifact(run, str(Path(folder, name)), "deep/æ folder")
        found = {Path(file.path).name for file in client.list_artifacts(run, "deep/æ folder")}
        assert found == {path.name for path in Path(folder).iterdir()}, found
        for path in Path(folder).iterdir():
            got = client.download_artifacts(run, f"deep/æ folder/{path.name}")
            assert Path(got).read_text() == path.name


@scenario
def logged_metrics_in_the_background():
    with mlflow.start_run(experiment_id=client.create_experiment(unique("async"))) as run:
        for step in range(300):
            mlflow.log_metric("m", step, step=step, synchronous=False)
        mlflow.log_params({f"p{i}": i for i in range(150)}, synchronous=False)
        mlflow.set_tags({f"t{i}": str(i) for i in range(150)}, synchronous=False)
        mlflow.flush_async_logging()
    assert len(client.get_metric_history(run.info.run_id, "m")) == 300
    assert len(client.get_run(run.info.run_id).data.params) == 150


@scenario
def system_metrics():
    try:
        import psutil  # noqa: F401
    except ImportError:
        return "psutil is not installed"
    experiment = client.create_experiment(unique("system"))
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    with mlflow.start_run(experiment_id=experiment, log_system_metrics=True) as run:
        time.sleep(2.5)
    metrics = client.get_run(run.info.run_id).data.metrics
    assert any(key.startswith("system/") for key in metrics), metrics


@scenario
def datasets():
    import pandas

    frame = pandas.DataFrame({"x": [1, 2, 3], "y": [0, 1, 0]})
    with mlflow.start_run(experiment_id=client.create_experiment(unique("data"))) as run:
        data = mlflow.data.from_pandas(frame, source="https://example.com/x.csv", name="frame", targets="y")
        mlflow.log_input(data, context="training", tags={"split": "a"})
        mlflow.log_input(mlflow.data.from_pandas(frame.head(1), name="head"), context="eval")
    inputs = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert sorted(i.dataset.name for i in inputs) == ["frame", "head"]
    [first] = [i for i in inputs if i.dataset.name == "frame"]
    assert {tag.key: tag.value for tag in first.tags} == {"mlflow.data.context": "training", "split": "a"}
    assert json.loads(first.dataset.profile)["num_rows"] == 3 and "mlflow_colspec" in first.dataset.schema
    source = mlflow.data.get_source(first)
    assert source.url == "https://example.com/x.csv"
    experiment = [run.info.experiment_id]
    assert len(client.search_runs(experiment, "datasets.name = 'frame' and dataset.context = 'training'")) == 1
    assert client.search_runs(experiment, "datasets.context = 'test'") == []
    dataset = Dataset("frame", "digest", "local", "x")
    client.log_inputs(run.info.run_id, [DatasetInput(dataset, [InputTag("k", "v")])])


@scenario
def many_writers():
    from concurrent.futures import ThreadPoolExecutor

    run = new_run().info.run_id

    def write(worker):
        for step in range(25):
            client.log_metric(run, f"m{worker}", step, step=step)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    metrics = client.get_run(run).data.metrics
    assert metrics == {f"m{worker}": 24.0 for worker in range(8)}
