"""Files of runs."""

import os
import tempfile
import time
from pathlib import Path

from scenario import client, new_run, scenario, unique

import mlflow


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
