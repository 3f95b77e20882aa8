import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { proxy } from "hono/proxy";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { listen } from "../../http/index.ts";
import { loadProject, readSweepFile } from "../../tasks/index.ts";
import { tinyReviews } from "../../tasks/testing/tiny-reviews.ts";
import { openStore, type Trial } from "../../tracking/index.ts";
import { havn, havnJson, startHavn } from "../testing/havn-process.ts";

let folder: string;
let tiny: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-sweeps-"));
  tiny = (await tinyReviews(join(folder, "tiny"))).filter(
    (override) => !override.startsWith("training.batch_size"),
  );
});
afterAll(() => rm(folder, { recursive: true }));

interface Results {
  readonly sweep: { readonly sweepId: string; readonly status: string };
  readonly trials: readonly Trial[];
  readonly best?: Trial;
}

const home = (name: string) => ["--home", join(folder, name)];

async function trialsOf(name: string): Promise<{ sweepId: string; trials: Trial[] }> {
  const store = await openStore({ home: join(folder, name) });
  try {
    const [sweep] = await store.listSweeps();
    return { sweepId: sweep!.sweepId, trials: await store.listTrials(sweep!.sweepId) };
  } finally {
    await store.close();
  }
}

test("havn sweep runs its trials on several agents, and says which was the best", async () => {
  const args = ["sweep", "movie-reviews", ...tiny, "--run-cap", "3", "--agents", "2", ...home("plain")];
  const results = await havnJson<Results>(args);
  expect(results.sweep.status).toBe("FINISHED");
  expect(results.trials.map(({ status }) => status)).toEqual(["FINISHED", "FINISHED", "FINISHED"]);
  const values = results.trials.map(({ value }) => value!);
  expect(results.best?.value).toBe(Math.max(...values));

  const { sweepId } = results.sweep;
  expect(await havnJson<Results>(["sweep", "show", sweepId, ...home("plain")])).toEqual(results);
  expect(await havnJson(["sweep", "list", ...home("plain")])).toMatchObject([
    { sweepId, project: "movie-reviews" },
  ]);

  const store = await openStore({ home: join(folder, "plain") });
  const run = await store.getRun(results.trials[1]!.runId!);
  await store.close();
  expect(run).toMatchObject({
    status: "FINISHED",
    tags: { "havn.sweep": sweepId, "havn.sweep.trial": "2" },
    params: { "training.batch_size": String(results.trials[1]!.parameters["training.batch_size"]) },
  });
  // Its command is one that can be typed.
  expect(run.tags["mlflow.source.name"]).toMatch(
    /havn\.js train \S+movie-reviews .*training\.batch_size=\d+$/,
  );
});

test("the runs of --multirun are a sweep, and are compared like one", async () => {
  const fast = tiny.filter((override) => !override.startsWith("training.epochs"));
  const values = ["training.epochs=1", "seed=1,2", "optimizer=adamw,sgd", "--multirun"];
  const trained = await havn(["train", "movie-reviews", ...fast, ...values, "--json", ...home("multirun")]);
  const runs = trained.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { runId: string });
  const { sweepId, trials } = await trialsOf("multirun");
  expect(trials.map(({ parameters, runId, status }) => ({ parameters, runId, status }))).toEqual(
    [
      { seed: 1, optimizer: "adamw" },
      { seed: 1, optimizer: "sgd" },
      { seed: 2, optimizer: "adamw" },
      { seed: 2, optimizer: "sgd" },
    ].map((parameters, i) => ({ parameters, runId: runs[i]?.runId, status: "FINISHED" })),
  );
  expect(trained.stderr).toContain(`havn sweep show ${sweepId}`);
});

test("where the server knows no sweeps, as MLflow's own, the runs are logged there and compared here", async () => {
  const server = startHavn(["track", "--port", "0", ...home("server of MLflow")]);
  onTestFinished(() => void server.stop("SIGKILL"));
  const [, url] = await server.says(/MLFLOW_TRACKING_URI=(http:\S+)/);
  const place = await withoutSweeps(url!);
  const values = [...tiny, "training.batch_size=4,8", `tracking.uri=${place}`, "--multirun"];
  const trained = await havn(["train", "movie-reviews", ...values, ...home("own sweeps")]);
  expect(trained.code, trained.stderr).toBe(0);
  expect(trained.stderr).toContain("the tracking server knows no sweeps");
  const { sweepId, trials } = await trialsOf("own sweeps");
  expect(trials.map(({ status }) => status)).toEqual(["FINISHED", "FINISHED"]);
  const named = [...home("own sweeps"), "--tracking", place];
  expect(await havnJson(["models", "link", "--sweep", sweepId, ...named])).toMatchObject({ version: 1 });
  expect(await havnJson(["models", "promote", "movie-reviews", "--best", ...named])).toMatchObject({
    promoted: true,
  });
  // Of a server that writes down no history, all but the history is told.
  const listed = await havnJson<{ history: unknown[] }[]>(["models", "list", ...named]);
  expect(listed.map(({ history }) => history)).toEqual([[]]);

  const store = await openStore({ home: join(folder, "server of MLflow") });
  onTestFinished(() => store.close());
  const run = await store.getRun(trials[0]!.runId!);
  expect(run).toMatchObject({ status: "FINISHED", tags: { "havn.sweep": sweepId, "havn.sweep.trial": "1" } });
  expect((await store.getVersionByAlias("movie-reviews", "inference"))?.version).toBe(1);
  expect(await store.listSweeps()).toEqual([]);
});

/** A server in front of another that hides the routes that MLflow does not have. */
async function withoutSweeps(url: string): Promise<string> {
  const app = new Hono();
  app.all("/api/2.0/havn/*", (c) => c.notFound());
  app.all("*", (c) => {
    const { pathname, search } = new URL(c.req.url);
    return proxy(url + pathname + search, c.req);
  });
  const server = await listen(app, { port: 0 });
  onTestFinished(() => server.close());
  return server.url;
}

// Windows has no SIGKILL.
describe.skipIf(process.platform === "win32")("a sweep that is killed", () => {
  test("with -9 goes on where it was: its trials end once each, and its processes with it", async () => {
    const slow = [...tiny, "training.epochs=400", "training.checkpoint_seconds=0.1"];
    const args = ["sweep", "movie-reviews", ...slow, "--run-cap", "2", ...home("killed")];
    const killed = startHavn(args);
    onTestFinished(() => void killed.stop("SIGKILL"));
    await killed.says(/trial 1: evaluation 2:/);
    await killed.stop("SIGKILL");
    const { sweepId, trials } = await trialsOf("killed");
    const { runId } = trials[0]!;
    expect(trials).toMatchObject([{ number: 1, status: "RUNNING" }]);

    const resumed = startHavn(["sweep", "--resume", sweepId, "--json", ...home("killed")]);
    onTestFinished(() => void resumed.stop("SIGKILL"));
    // Without waiting for the claim to run out, since the dead agent was of this machine.
    await resumed.says(/trial 1: .*taken over/);
    // It goes on counting, as early_terminate does.
    await resumed.says(/trial 1: evaluation [2-9]\d*:/);
    expect(resumed.output).not.toContain("trial 1: evaluation 1:");
    const { code, stderr } = await resumed.stop("SIGINT");
    expect(code).toBe(130);
    expect(stderr).toContain(`npx havn sweep --resume ${sweepId}`);
    const after = await trialsOf("killed");
    // The run went on from its checkpoint.
    expect(after.trials).toMatchObject([{ number: 1, status: "WAITING", runId }]);
  });
});

test("an agent joins over HTTP, and its runs are logged there", async () => {
  const server = startHavn(["track", "--port", "0", ...home("server")]);
  onTestFinished(() => void server.stop("SIGKILL"));
  const [, url] = await server.says(/MLFLOW_TRACKING_URI=(http:\S+)/);
  const store = await openStore({ home: join(folder, "server") });
  onTestFinished(() => store.close());
  const { sweepId } = await store.createSweep({
    ...{ project: "movie-reviews", name: "remote", seed: 1, overrides: tiny },
    definition: {
      method: "grid",
      metric: { name: "validation_accuracy", goal: "maximize" },
      parameters: { "training.batch_size": { values: [8, 16] } },
    },
  });
  const results = await havnJson<Results>(["agent", sweepId, "--tracking", url!, ...home("elsewhere")]);
  expect(results.trials.map(({ status }) => status)).toEqual(["FINISHED", "FINISHED"]);
  expect((await store.getSweep(sweepId)).status).toBe("FINISHED");
  const run = await store.getRun(results.trials[0]!.runId!);
  expect(run).toMatchObject({ status: "FINISHED", tags: { "havn.sweep": sweepId } });
  expect(await store.artifacts(run.runId).stat("model/model.onnx")).toBeDefined();

  const place = ["--tracking", url!, ...home("elsewhere")];
  await havnJson(["models", "link", "--sweep", sweepId, ...place]);
  expect(await havnJson(["models", "list", ...place])).toMatchObject([{ name: "movie-reviews", version: 1 }]);
  expect(await havnJson(["models", "show", "movie-reviews", "1", ...place])).toMatchObject({
    ...{ run: { runId: results.best!.runId }, sweep: { sweepId } },
    history: [{ kind: "version-created", version: 1 }],
  });
  const shown = await havn(["models", "show", "movie-reviews", "1", ...place]);
  expect(shown.stdout).toMatch(/registered \S+ by \S+\nconfiguration:\n {2}\w+:\n {4}\w+: /);
  const more = await havn(["sweep", "--resume", sweepId, "--run-cap", "9", ...place]);
  expect(more.stderr.trim()).toBe(
    `error --resume goes on with sweep ${sweepId} of movie-reviews as it is; leave out --run-cap`,
  );
});

describe("before the first trial", () => {
  const project = async (sweep: string): Promise<string> => {
    const made = await mkdtemp(join(folder, "project-"));
    const bundled = new URL("../../../projects/movie-reviews/", import.meta.url).pathname;
    await writeFile(
      join(made, "project.ts"),
      `import reviews from ${JSON.stringify(`${bundled}project.ts`)};\nexport default { ...reviews, name: "mine" };\n`,
    );
    await cp(join(bundled, "conf"), join(made, "conf"), { recursive: true });
    await writeFile(join(made, "conf", "sweep", "default.yaml"), sweep);
    return made;
  };
  const refusal = async (sweep: string) => {
    const { code, stderr } = await havn(["sweep", await project(sweep), ...home("refused")]);
    expect(code).toBe(1);
    return stderr.trim();
  };

  test("a wrong word of the sweep is named with its place and the nearest word", async () => {
    expect(await refusal("method: bays\nparameters:\n  seed: { valus: [1, 2] }\n")).toMatchInlineSnapshot(`
      "error config sweep/default.yaml:3: parameters.seed.valus is unknown; did you mean parameters.seed.value?
      config sweep/default.yaml:1: method must be one of grid, random, bayes, got "bays"; did you mean bayes?"
    `);
  });

  test("a distribution that is unknown is answered with all there are, and what is W&B's own with why", async () => {
    const words = "program: train.py\nmethod: random\nparameters:\n  seed: { distribution: betta, min: 1 }\n";
    expect(await refusal(words)).toMatchInlineSnapshot(`
      "error config sweep/default.yaml:4: parameters.seed.distribution must be one of constant, categorical, categorical_w_probabilities, int_uniform, uniform, q_uniform, log_uniform, log_uniform_values, q_log_uniform, q_log_uniform_values, inv_log_uniform, inv_log_uniform_values, normal, q_normal, log_normal, q_log_normal, beta, q_beta, got "betta"; did you mean beta?
      config sweep/default.yaml:1: program must be left out: what is trained here is the project that the sweep lies in"
    `);
  });

  test("the command of a sweep of W&B is no riddle", async () => {
    const words = `command: ['\${env}', '\${program}']\nmethod: random\nparameters:\n  seed: { values: [1, 2] }\n`;
    expect(await refusal(words)).toMatchInlineSnapshot(
      `"error config sweep/default.yaml:1: command must be left out: what is trained here is the project that the sweep lies in, with the parameters as its configuration"`,
    );
  });

  test("a metric is the project's own where the sweep names none, also for bayes", async () => {
    const made = await loadProject(await project("method: bayes\nparameters:\n  seed: { min: 1, max: 9 }\n"));
    const options = { overrides: [], command: "havn sweep", workingFolder: made.folder };
    const { parsed, isEndless } = readSweepFile(made, options);
    expect(parsed.metric).toEqual({ name: "validation_accuracy", goal: "maximize" });
    expect(isEndless).toBe(false);
    await writeFile(
      join(made.folder, "conf", "sweep", "default.yaml"),
      "method: random\nparameters:\n  optimizer.learning_rate: { min: 0.1, max: 0.2 }\n",
    );
    expect(readSweepFile(made, options).isEndless).toBe(true);
    expect(readSweepFile(made, { ...options, runCap: 3 }).isEndless).toBe(false);
  });

  test("a parameter that the configuration does not have is named with its place", async () => {
    expect(
      await refusal(
        "method: random\nparameters:\n  seed: { values: [1, 2] }\n  optimizer.learning_rat:\n    min: 0.1\n    max: 0.2\n",
      ),
    ).toMatchInlineSnapshot(
      `"error config sweep/default.yaml:4: optimizer.learning_rat is unknown; did you mean optimizer.learning_rate?"`,
    );
  });

  test("a range whose end does not fit is named with its place", async () => {
    expect(
      await refusal(
        "method: random\nparameters:\n  training:\n    parameters:\n      epochs: { min: 0, max: 3 }\n",
      ),
    ).toMatchInlineSnapshot(`"error config sweep/default.yaml:5: training.epochs must be above 0, got 0"`);
  });

  test("of a project elsewhere, its folder is named again by what is said, and resumes it", async () => {
    const made = await project("method: random\nparameters:\n  seed: { values: [1, 2] }\n");
    const place = home("project elsewhere");
    const sweep = startHavn(["sweep", made, ...tiny, "--run-cap", "1", ...place]);
    onTestFinished(() => void sweep.stop("SIGKILL"));
    const [, sweepId] = await sweep.says(/npx havn agent (\w+) --project \//);
    const { stderr } = await sweep.stop("SIGINT");
    expect(stderr).toContain(`npx havn sweep ${made} --resume ${sweepId}`);
    const byName = await havn(["sweep", "--resume", sweepId!, ...place]);
    expect(byName.stderr).toContain('there is no project "mine"');
    const resumed = await havn(["sweep", made, "--resume", sweepId!, ...place]);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain(`npx havn models promote ${made} --best`);
    const other = await havn(["sweep", "election-tweets", "--resume", sweepId!, ...place]);
    expect(other.stderr).toContain("leave out election-tweets");
  });

  test("a sweep that is not there is answered with those that are", async () => {
    const { stderr } = await havn(["sweep", "movie-reviews", "--sweep", "big", ...home("refused")]);
    expect(stderr.trim()).toMatchInlineSnapshot(`"error --sweep must be one of default, got big"`);
  });
});
