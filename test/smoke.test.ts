/**
 * The whole system on forty rows, through the same commands that a person types: read this one first.
 * A model is trained, judged, registered and promoted; a service answers with it; `havn up` shows all of it.
 */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type HavnProcess, havnJson, startHavn } from "../src/cli/testing/havn-process.ts";
import { readPredictions } from "../src/serving/index.ts";
import { tinyReviews } from "../src/tasks/testing/tiny-reviews.ts";

let folder: string;
let home: string;
let overrides: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-smoke-"));
  home = join(folder, "home");
  // Forty rows and a tiny model, said as overrides of the configuration: data.train=... model.architecture.dim=16 ...
  overrides = await tinyReviews(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ask = (url: string, body: unknown) =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const statement = "A warm and funny film with a heart.";
const aSentiment = { sentiment: expect.toBeOneOf([0, 1]) };
const aShare = expect.toSatisfy((value: unknown) => typeof value === "number" && value >= 0 && value <= 1);

describe("from forty rows to a running service", () => {
  let runId: string;

  test("havn run trains, evaluates, registers and promotes", async () => {
    const result = await havnJson<{ runId: string }>([
      ...["run", "movie-reviews", ...overrides],
      ...["--home", home],
    ]);
    expect(result).toEqual({
      runId: expect.stringMatching(/^[0-9a-f]{32}$/),
      status: "finished",
      best: aShare,
      metrics: { test_accuracy: aShare, test_f1: aShare, test_f1_macro: aShare, test_auroc: aShare },
      version: 1,
      promoted: true,
      value: aShare,
      page: `#/runs/${result.runId}`,
      reproduce: `npx havn reproduce ${result.runId} --home ${home}`,
    });
    runId = result.runId;
  });

  test("the model lies among the run's artifacts, as Hugging Face and ONNX Runtime read it", () => {
    const artifacts = join(home, "artifacts", runId);
    const files = [
      "config.yaml",
      "evaluation/confusion-matrix.json",
      "evaluation/misclassified.csv",
      "model/config.json",
      "model/model.onnx",
      "model/model.safetensors",
      "model/tokenizer.json",
    ];
    expect(files.filter((file) => !existsSync(join(artifacts, file)))).toEqual([]);
  });

  test("havn evaluate measures the promoted model again", async () => {
    const evaluated = await havnJson<{ mistakes: number; metrics: { test_accuracy: number } }>([
      ...["evaluate", "movie-reviews"],
      ...["--home", home],
    ]);
    expect(evaluated).toMatchObject({ runId, rows: 8, metrics: { test_accuracy: aShare } });
    expect(evaluated.mistakes).toBe(8 - 8 * evaluated.metrics.test_accuracy);
    const misclassified = await readFile(
      join(home, "artifacts", runId, "evaluation/misclassified.csv"),
      "utf8",
    );
    if (evaluated.mistakes > 0)
      expect(misclassified.split("\r\n")[0]).toBe("text,label,predicted,probability");
  });

  test("havn models list shows the version that is served", async () => {
    const versions = await havnJson(["models", "list", "--home", home]);
    expect(versions).toMatchObject([{ name: "movie-reviews", version: 1, runId, aliases: ["inference"] }]);
  });
});

describe("havn serve movie-reviews", () => {
  let service: HavnProcess;
  let url: string;

  beforeAll(async () => {
    service = startHavn(["serve", "movie-reviews", "--port", "0", "--home", home, "--json"]);
    [, url] = (await service.says(/"url":"([^"]+)"/)) as unknown as [string, string];
  });
  afterAll(() => service.stop("SIGKILL"));

  test("answers POST /inference at its root", async () => {
    const response = await ask(`${url}/inference`, { statement });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(aSentiment);
  });

  test("refuses what it cannot read, with a message that helps, and lives on", async () => {
    const refused = await ask(`${url}/inference`, { sentence: statement });
    expect(refused.status).toBe(422);
    expect(await refused.text()).toContain("statement");
    expect((await ask(`${url}/inference`, { statement: "" })).status).toBe(422);
    expect((await ask(`${url}/inference`, { statement: "x".repeat(2 ** 20) })).status).toBe(413);
    expect((await ask(`${url}/inference`, { statement })).status).toBe(200);
  });

  test("tells its health, its metrics and how to use it", async () => {
    expect(await (await fetch(`${url}/health`)).json()).toEqual({
      status: "ready",
      model: { name: "movie-reviews", version: 1 },
    });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    for (const name of ["prediction_requests", "prediction_error", "prediction_latency_seconds"])
      expect(metrics).toContain(name);
    expect(metrics).toContain("review_length_count 2");
    expect(await (await fetch(`${url}/docs`)).text()).toContain("swagger-ui");
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(document.paths)).toContain("/inference");
  });

  test("ends by SIGTERM, and has logged every prediction", async () => {
    expect(await service.stop("SIGTERM")).toMatchObject({ code: 0, stderr: "" });
    const logged = [];
    for await (const prediction of readPredictions(join(home, "predictions", "movie-reviews")))
      logged.push(prediction);
    expect(logged).toHaveLength(2);
    expect(logged[0]).toMatchObject({
      project: "movie-reviews",
      modelVersion: 1,
      input: { text: statement },
      probabilities: [aShare, aShare],
    });
  });
});

describe("havn up", () => {
  let up: HavnProcess;
  let url: string;

  beforeAll(async () => {
    up = startHavn(["up", "--port", "0", "--no-train", "--home", home, "--json"]);
    [, url] = (await up.says(/"url":"([^"]+)"/)) as unknown as [string, string];
  });
  afterAll(() => up.stop("SIGKILL"));

  test("lists the projects and answers for them", async () => {
    const projects = (await (await fetch(`${url}/api/projects`)).json()) as { name: string }[];
    expect(projects.find(({ name }) => name === "movie-reviews")).toMatchObject({
      path: "/projects/movie-reviews/",
      model: { name: "movie-reviews", version: 1 },
    });
    expect(projects.find(({ name }) => name === "translator")).toMatchObject({ model: null });
    const response = await ask(`${url}/projects/movie-reviews/inference`, { statement });
    expect(await response.json()).toEqual(aSentiment);
  });

  test("speaks MLflow's REST API over the same runs and models", async () => {
    const api = `${url}/api/2.0/mlflow`;
    const experiment = await fetch(`${api}/experiments/get-by-name?experiment_name=movie-reviews`);
    const { experiment_id } = ((await experiment.json()) as { experiment: { experiment_id: string } })
      .experiment;
    const found = await ask(`${api}/runs/search`, { experiment_ids: [experiment_id] });
    expect(await found.json()).toMatchObject({
      runs: [
        {
          info: { status: "FINISHED" },
          data: { params: expect.arrayContaining([{ key: "model.architecture.dim", value: "16" }]) },
        },
      ],
    });
    const alias = await fetch(`${api}/registered-models/alias?name=movie-reviews&alias=inference`);
    expect(await alias.json()).toMatchObject({ model_version: { version: "1" } });
  });

  test("serves the pages, or says how they are built", async () => {
    const response = await fetch(url);
    const page = await response.text();
    if (response.status === 200) expect(page).toContain("<!doctype html>");
    else expect(page).toBe("The pages are not built yet: npm run build:web\n");
  });

  test("ends by SIGTERM", async () => {
    expect(await up.stop("SIGTERM")).toMatchObject({ code: 0 });
  });
});
