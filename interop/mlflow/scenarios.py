"""What the stock MLflow client does in earnest, each piece against the server that MLFLOW_TRACKING_URI names.

Prints one line of JSON for each scenario; see run.ts.
"""

import json
import math
import os
import sys
import tempfile
import time
import traceback
import uuid
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType
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
    try:
        function()
    except MlflowException as error:
        assert error.error_code == code, f"expected {code}, got {error.error_code}: {error.message}"
        return error
    raise AssertionError(f"expected {code}, but it went through")


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
def artifacts():
    run = new_run().info.run_id
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sub").mkdir()
        Path(folder, "a.bin").write_bytes(os.urandom(300_000))
        Path(folder, "sub", "b.txt").write_text("b")
        Path(folder, "empty").write_bytes(b"")
        client.log_artifacts(run, folder, "all")
        assert [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(run)] == [("all", True, None)]
        listed = {(f.path, f.is_dir, f.file_size or 0) for f in client.list_artifacts(run, "all")}
        assert listed == {("all/a.bin", False, 300_000), ("all/sub", True, 0), ("all/empty", False, 0)}
        assert client.list_artifacts(run, "all/a.bin") == []
        got = client.download_artifacts(run, "all")
        assert Path(got, "a.bin").read_bytes() == Path(folder, "a.bin").read_bytes()
        assert Path(got, "sub", "b.txt").read_text() == "b" and Path(got, "empty").stat().st_size == 0
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    repository = get_artifact_repository(client.get_run(run).info.artifact_uri)
    repository.delete_artifacts("all/a.bin")
    assert "all/a.bin" not in {f.path for f in client.list_artifacts(run, "all")}
    repository.delete_artifacts("all")
    assert client.list_artifacts(run) == []


@scenario
def images_figures_and_tables():
    import numpy

    mlflow.set_experiment(unique("media"))
    with mlflow.start_run() as run:
        image = numpy.zeros((8, 8, 3), dtype=numpy.uint8)
        mlflow.log_image(image, "plain.png")
        mlflow.log_image(image, key="dog/eats", step=3)
        mlflow.log_table({"a": [1, 2], "b": ["x", "y"]}, "tables/one.json")
        mlflow.log_table({"a": [3], "b": ["z"]}, "tables/one.json")
        mlflow.flush_artifact_async_logging()
    assert len(client.list_artifacts(run.info.run_id, "images")) == 2
    frame = mlflow.load_table("tables/one.json", run_ids=[run.info.run_id])
    assert list(frame["a"]) == [1, 2, 3]


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
def evaluation():
    import pandas

    frame = pandas.DataFrame({"prediction": [0, 1, 1, 0], "target": [0, 1, 0, 0]})
    with mlflow.start_run(experiment_id=client.create_experiment(unique("evaluate"))) as run:
        data = mlflow.data.from_pandas(frame, predictions="prediction", targets="target", name="held out")
        result = mlflow.models.evaluate(data=data, model_type="classifier", evaluator_config={"log_explainer": False})
    assert abs(result.metrics["accuracy_score"] - 0.75) < 1e-9
    found = client.get_run(run.info.run_id)
    assert found.data.metrics["accuracy_score"] == 0.75
    assert [i.dataset.name for i in found.inputs.dataset_inputs] == ["held out"]
    assert client.list_artifacts(run.info.run_id)


class Doubles(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[float]) -> list[float]:
        return [2 * value for value in model_input]


@scenario
def models_in_the_registry():
    mlflow.set_experiment(unique("models"))
    name = unique("doubles")
    with mlflow.start_run() as run:
        info = mlflow.pyfunc.log_model(
            name="model", python_model=Doubles(), registered_model_name=name, pip_requirements=[]
        )
    version = client.get_model_version(name, "1")
    was = (version.run_id, version.source, version.status)
    assert was == (run.info.run_id, f"models:/{info.model_id}", "READY"), was
    client.set_registered_model_alias(name, "champion", "1")
    uris = [
        f"models:/{name}/1",
        f"models:/{name}@champion",
        f"models:/{name}/latest",
        f"models:/{info.model_id}",
        f"runs:/{run.info.run_id}/model",
        info.model_uri,
    ]
    for uri in uris:
        assert mlflow.pyfunc.load_model(uri).predict([1.0, 2.5]) == [2.0, 5.0], uri
    outputs = client.get_run(run.info.run_id).outputs.model_outputs
    assert [output.model_id for output in outputs] == [info.model_id]
    assert mlflow.models.get_model_info(f"models:/{name}/1").model_id == info.model_id
    second = mlflow.register_model(info.model_uri, name, tags={"from": "uri"})
    assert second.version in ("2", 2) and second.tags == {"from": "uri"}
    third = client.copy_model_version(f"models:/{name}@champion", unique("copy"))
    assert mlflow.pyfunc.load_model(f"models:/{third.name}/1").predict([1.0]) == [2.0]
    by_run = mlflow.register_model(f"runs:/{run.info.run_id}/model", name)
    assert mlflow.pyfunc.load_model(f"models:/{name}/{by_run.version}").predict([3.0]) == [6.0]


@scenario
def registry():
    name = unique("registry")
    client.create_registered_model(name, tags={"task": "text"}, description="of films")
    refuses("RESOURCE_ALREADY_EXISTS", lambda: client.create_registered_model(name))
    run = new_run()
    source = f"runs:/{run.info.run_id}/model"
    for _ in range(3):
        client.create_model_version(name, source, run.info.run_id, tags={"a": "b"}, description="words")
    version = client.get_model_version(name, "2")
    assert (version.source, version.run_id, version.tags) == (source, run.info.run_id, {"a": "b"})
    assert client.get_model_version_download_uri(name, "2") == source
    client.update_model_version(name, "2", "other words")
    client.set_model_version_tag(name, "2", "c", "d")
    client.delete_model_version_tag(name, "2", "a")
    version = client.get_model_version(name, "2")
    assert (version.description, version.tags) == ("other words", {"c": "d"})
    client.set_registered_model_alias(name, "champion", "1")
    client.set_registered_model_alias(name, "champion", "2")
    client.set_registered_model_alias(name, "old", "1")
    assert client.get_model_version_by_alias(name, "champion").version in ("2", 2)
    assert client.get_registered_model(name).aliases == {"champion": "2", "old": "1"}
    client.delete_registered_model_alias(name, "old")
    refuses("INVALID_PARAMETER_VALUE", lambda: client.get_model_version_by_alias(name, "old"))
    client.transition_model_version_stage(name, "1", "production")
    client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
    stages = {v.version: v.current_stage for v in client.search_model_versions(f"name = '{name}'")}
    assert {str(k): v for k, v in stages.items()} == {"1": "Archived", "2": "Production", "3": "None"}
    latest = client.get_latest_versions(name, ["Production", "None"])
    assert sorted(str(v.version) for v in latest) == ["2", "3"]
    client.delete_model_version(name, "3")
    refuses("RESOURCE_DOES_NOT_EXIST", lambda: client.get_model_version(name, "3"))
    fourth = client.create_model_version(name, source, run.info.run_id)
    assert str(fourth.version) == "4", "a number must not come again"
    client.set_registered_model_tag(name, "x", "y")
    client.delete_registered_model_tag(name, "task")
    client.update_registered_model(name, "of books")
    found = client.get_registered_model(name)
    assert (found.description, found.tags) == ("of books", {"x": "y"})
    assert [m.name for m in client.search_registered_models(f"name LIKE '{name}%'")] == [name]
    assert [m.name for m in client.search_registered_models("tags.x = 'y'", max_results=1000)].count(name) == 1
    client.rename_registered_model(name, f"{name}-2")
    assert client.get_model_version(f"{name}-2", "2").description == "other words"
    assert client.get_model_version_by_alias(f"{name}-2", "champion").version in ("2", 2)
    ordered = client.search_model_versions(f"name = '{name}-2'", order_by=["version_number ASC"], max_results=2)
    assert [str(v.version) for v in ordered] == ["1", "2"] and ordered.token
    client.delete_registered_model(f"{name}-2")
    refuses("RESOURCE_DOES_NOT_EXIST", lambda: client.get_registered_model(f"{name}-2"))


@scenario
def autologged_sklearn():
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import GridSearchCV

    mlflow.set_experiment(unique("sklearn"))
    mlflow.sklearn.autolog(log_models=True, log_datasets=True)
    try:
        features, target = load_iris(return_X_y=True, as_frame=True)
        with mlflow.start_run() as run:
            model = RandomForestClassifier(n_estimators=5, max_depth=3, random_state=0).fit(features, target)
            model.score(features, target)
        with mlflow.start_run():
            GridSearchCV(RandomForestClassifier(n_estimators=2), {"max_depth": [1, 2]}, cv=2).fit(features, target)
    finally:
        mlflow.sklearn.autolog(disable=True)
    found = client.get_run(run.info.run_id)
    assert found.data.params["n_estimators"] == "5" and found.data.metrics["training_score"] > 0.8
    assert found.inputs.dataset_inputs and found.outputs.model_outputs
    loaded = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model")
    assert list(loaded.predict(features.head(3))) == [0, 0, 0]
    logged = mlflow.get_logged_model(found.outputs.model_outputs[0].model_id)
    assert logged.source_run_id == run.info.run_id and logged.status.name == "READY"
    assert any(metric.key == "training_score" for metric in logged.metrics)


@scenario
def logged_models():
    experiment = client.create_experiment(unique("logged"))
    model = client.create_logged_model(
        experiment, name="forest", tags={"a": "b"}, params={"depth": "3"}, model_type="tree"
    )
    assert model.status.name == "PENDING"
    many = {f"p{i}": str(i) for i in range(250)}
    client.log_model_params(model.model_id, many)
    client.set_logged_model_tags(model.model_id, {"c": "d", "a": "e"})
    client.delete_logged_model_tag(model.model_id, "c")
    client.finalize_logged_model(model.model_id, "READY")
    run = client.create_run(experiment)
    for value, step in [(0.5, 1), (0.7, 2)]:
        client.log_metric(
            run.info.run_id, "acc", value, step=step, model_id=model.model_id, dataset_name="test", dataset_digest="4f"
        )
    found = client.get_logged_model(model.model_id)
    assert (found.name, found.model_type, found.status.name) == ("forest", "tree", "READY")
    assert found.tags["a"] == "e" and "c" not in found.tags and found.params == {"depth": "3", **many}
    assert sorted(metric.value for metric in found.metrics) == [0.5, 0.7]
    other = client.create_logged_model(experiment, name="other")

    def names(**kwargs):
        return [m.name for m in client.search_logged_models(experiment_ids=[experiment], **kwargs)]

    assert sorted(names()) == ["forest", "other"]
    assert names(filter_string="params.depth = '3' and metrics.acc > 0.6") == ["forest"]
    assert names(filter_string="name = 'other'") == ["other"]
    assert names(filter_string="metrics.acc > 0.6", datasets=[{"dataset_name": "train"}]) == []
    ordered = names(order_by=[{"field_name": "metrics.acc", "ascending": False}])
    assert ordered == ["forest", "other"]
    page = client.search_logged_models(experiment_ids=[experiment], max_results=1)
    rest = client.search_logged_models(experiment_ids=[experiment], max_results=1, page_token=page.token)
    assert {m.name for m in [*page, *rest]} == {"forest", "other"} and not rest.token
    client.log_outputs(run.info.run_id, [mlflow.entities.LoggedModelOutput(model.model_id, 1)])
    assert client.get_run(run.info.run_id).outputs.model_outputs[0].model_id == model.model_id
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "weights.txt").write_text("w")
        client.log_model_artifacts(model.model_id, folder)
    assert [f.path for f in client.list_logged_model_artifacts(model.model_id)] == ["weights.txt"]
    client.delete_logged_model(other.model_id)
    refuses("RESOURCE_DOES_NOT_EXIST", lambda: client.get_logged_model(other.model_id))


@scenario
def traces():
    experiment = mlflow.set_experiment(unique("traces"))

    @mlflow.trace
    def add(a, b):
        with mlflow.start_span("inner") as span:
            span.set_inputs({"a": a})
        return a + b

    assert add(1, 2) == 3
    mlflow.flush_trace_async_logging()
    found = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
    assert len(found) == 1, found
    [trace] = found
    assert trace.info.state == "OK" and sorted(s.name for s in trace.data.spans) == ["add", "inner"]
    identifier = trace.info.trace_id
    again = mlflow.get_trace(identifier)
    assert again.info.trace_id == identifier and len(again.data.spans) == 2
    client.set_trace_tag(identifier, "k", "v")
    assert client.get_trace(identifier).info.tags["k"] == "v"
    client.delete_trace_tag(identifier, "k")
    only = client.search_traces(locations=[experiment.experiment_id], filter_string="status = 'OK'")
    assert len(only) == 1
    assert client.delete_traces(experiment.experiment_id, trace_ids=[identifier]) == 1
    assert client.search_traces(locations=[experiment.experiment_id]) == []


@scenario
def prompts():
    name = unique("prompt")
    mlflow.genai.register_prompt(name=name, template="Hello {{who}}", commit_message="first")
    mlflow.genai.register_prompt(name=name, template="Hi {{who}}")
    prompt = mlflow.genai.load_prompt(f"prompts:/{name}/2")
    assert prompt.format(who="Ada") == "Hi Ada"
    mlflow.genai.set_prompt_alias(name, alias="live", version=1)
    assert mlflow.genai.load_prompt(f"prompts:/{name}@live").version in (1, "1")
    assert name not in {model.name for model in client.search_registered_models()}


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


@scenario
def uploads_in_parts():
    size = int(os.environ.get("HAVN_INTEROP_PARTS_MB", "12")) * 1024 * 1024
    os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"] = "true"
    os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"] = "true"
    os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = str(6 * 1024 * 1024)
    os.environ["MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE"] = str(5 * 1024 * 1024)
    os.environ["MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE"] = str(5 * 1024 * 1024)
    try:
        run = new_run().info.run_id
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "big.bin")
            path.write_bytes(os.urandom(size))
            client.log_artifact(run, str(path), "parts")
            [listed] = client.list_artifacts(run, "parts")
            assert (listed.path, listed.file_size) == ("parts/big.bin", size)
            got = client.download_artifacts(run, "parts/big.bin")
            assert Path(got).read_bytes() == path.read_bytes()
    finally:
        for name in [name for name in os.environ if "MULTIPART" in name]:
            del os.environ[name]


@scenario
def large_artifact():
    megabytes = int(os.environ.get("HAVN_INTEROP_LARGE_MB", "0"))
    if megabytes == 0:
        return "only with --large"
    run = new_run().info.run_id
    block = os.urandom(1024 * 1024)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.bin")
        with open(path, "wb") as file:
            for _ in range(megabytes):
                file.write(block)
        started = time.perf_counter()
        client.log_artifact(run, str(path))
        up = time.perf_counter() - started
        path.unlink()
        started = time.perf_counter()
        got = Path(client.download_artifacts(run, "large.bin", folder))
        down = time.perf_counter() - started
        assert got.stat().st_size == megabytes * 1024 * 1024
        with open(got, "rb") as file:
            while piece := file.read(len(block)):
                assert piece == block
    return f"{megabytes} MB up {up:.1f} s, down {down:.1f} s"


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
