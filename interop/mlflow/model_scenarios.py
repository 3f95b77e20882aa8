"""Models, the registry, and traces of what models do."""

import tempfile
from pathlib import Path

from scenario import client, new_run, refuses, scenario, unique

import mlflow


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
