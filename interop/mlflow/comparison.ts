/** The same requests to our server and to the original: status, error code and the fields of the answer must agree. */

export interface Case {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE" | "PUT";
  /** Below `/api/`; `$RUN`, `$EXPERIMENT`, `$MODEL` (registered), `$LOGGED` stand for what `prepare` has made. */
  readonly path: string;
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly text?: string;
  readonly type?: string;
  /** Why the answers differ on purpose; the case then only has to fail or succeed on both. */
  readonly differs?: string;
}

export interface Compared {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

const v2 = "2.0/mlflow";
const get = (path: string, differs?: string): Case => ({ method: "GET", path, ...(differs && { differs }) });
const post = (path: string, body: unknown, differs?: string): Case => ({
  ...{ method: "POST", path: `${v2}/${path}`, body },
  ...(differs && { differs }),
});
const missingRun = "0".repeat(32);

/** Some are allowed as keys of metrics, params and tags, some are not. */
const oddKeys = ["a#b", "../x", "/x", "a//b", "a/", "a/../b", "..x", "a\tb", "a:b", "æ b/c-d.e_f", "हिन्दी"];

/** In order: later ones see what earlier ones have written. */
const cases: readonly Case[] = [
  post("experiments/create", {}),
  post("experiments/create", { name: "" }),
  post("experiments/create", { name: 7 }),
  post("experiments/create", { name: "Default" }),
  get(`${v2}/experiments/get`),
  get(`${v2}/experiments/get?experiment_id=$EXPERIMENT`),
  get(`${v2}/experiments/get?experiment_id=987654321`),
  get(`${v2}/experiments/get?experiment_id=first`),
  post("experiments/delete", { experiment_id: "first" }),
  get(`${v2}/experiments/get-by-name?experiment_name=nobody%20at%20all`),
  get(`${v2}/experiments/get-by-name?experiment_name=Default`),
  post("experiments/search", { max_results: 1 }),
  post("experiments/search", { max_results: 1, filter: "nonsense = 1" }),
  post("experiments/search", { max_results: 1, order_by: ["nonsense"] }),
  post("experiments/search", { max_results: 1, page_token: "nonsense" }),
  post("experiments/search", {}, "a page has a usual size here"),
  get(`${v2}/experiments/search?max_results=1&order_by=name%20DESC&view_type=ALL`),
  post("experiments/update", { experiment_id: "$EXPERIMENT" }),
  post(
    "experiments/update",
    { experiment_id: "$EXPERIMENT", new_name: "Default" },
    "RESOURCE_ALREADY_EXISTS says what is wrong",
  ),
  post("experiments/set-experiment-tag", { experiment_id: "$EXPERIMENT", key: "a", value: "b" }),
  post("experiments/set-experiment-tag", { experiment_id: "$EXPERIMENT", value: "b" }),
  post("experiments/delete-experiment-tag", { experiment_id: "$EXPERIMENT", key: "a" }),
  post("experiments/delete-experiment-tag", { experiment_id: "$EXPERIMENT", key: "none" }),
  post("experiments/delete", { experiment_id: "987654321" }),
  post("experiments/restore", { experiment_id: "$EXPERIMENT" }),
  post("experiments/delete", { experiment_id: "$EXPERIMENT" }),
  post("experiments/delete", { experiment_id: "$EXPERIMENT" }),
  post(
    "experiments/update",
    { experiment_id: "$EXPERIMENT", new_name: "renamed while deleted" },
    "INVALID_PARAMETER_VALUE, not a failure of the server",
  ),
  post("experiments/set-experiment-tag", { experiment_id: "$EXPERIMENT", key: "a", value: "b" }),
  post("runs/create", { experiment_id: "$EXPERIMENT", start_time: 5 }),
  get(`${v2}/experiments/get?experiment_id=$EXPERIMENT`),
  post("experiments/restore", { experiment_id: "$EXPERIMENT" }),
  post("runs/delete", { run_id: "$RUN" }),
  post("runs/delete", { run_id: "$RUN" }),
  post("runs/log-metric", { run_id: "$RUN", key: "m", value: 1, timestamp: 1 }),
  post("runs/set-tag", { run_id: "$RUN", key: "m", value: "1" }),
  post("runs/update", { run_id: "$RUN", status: "FINISHED" }),
  post("runs/restore", { run_id: "$RUN" }),
  post("runs/restore", { run_id: "$RUN" }),

  post("runs/create", {}, "INVALID_PARAMETER_VALUE, as for all that is missing"),
  post("runs/create", { experiment_id: "987654321" }),
  post("runs/create", { experiment_id: "$EXPERIMENT", start_time: "soon" }),
  post("runs/create", {
    experiment_id: "$EXPERIMENT",
    start_time: 5,
    run_name: "x",
    user_id: "ada",
    tags: [{ key: "a", value: "b" }],
  }),
  get(`${v2}/runs/get`),
  get(`${v2}/runs/get?run_id=$RUN`),
  get(`${v2}/runs/get?run_uuid=$RUN`),
  get(`${v2}/runs/get?run_id=${missingRun}`),
  get(`${v2}/runs/get?run_id=..%2F..%2Fetc`),
  post("runs/update", { run_id: "$RUN", status: "FINISHED", end_time: 99 }),
  post("runs/update", { run_id: "$RUN", status: "DONE" }, "the original overlooks it"),
  post("runs/update", { run_id: missingRun, status: "FINISHED" }),
  post("runs/log-metric", { run_id: "$RUN", key: "m", value: 1, timestamp: 1 }),
  post("runs/log-metric", { run_id: "$RUN", key: "m", value: "NaN", timestamp: 1, step: 1 }),
  post("runs/log-metric", { run_id: "$RUN", key: "m", value: "1.5", timestamp: "7", step: "2" }),
  post("runs/log-metric", { run_id: "$RUN", key: "m", value: "high", timestamp: 1 }),
  post("runs/log-metric", { run_id: "$RUN", key: "m", timestamp: 1 }),
  post("runs/log-metric", { run_id: "$RUN", key: "", value: 1, timestamp: 1 }),
  post("runs/log-metric", { run_id: missingRun, key: "m", value: 1, timestamp: 1 }),
  post("runs/log-metric", { key: "m", value: 1, timestamp: 1 }),
  post("runs/log-parameter", { run_id: "$RUN", key: "p", value: "1" }),
  post("runs/log-parameter", { run_id: "$RUN", key: "p", value: "2" }),
  post("runs/log-parameter", { run_id: "$RUN", key: "x".repeat(251), value: "1" }),
  post("runs/log-parameter", { run_id: "$RUN", key: "without" }),
  ...oddKeys.flatMap((key) => [
    post("runs/log-metric", { run_id: "$RUN", key, value: 1, timestamp: 1 }),
    post("runs/log-parameter", { run_id: "$RUN", key, value: "1" }),
    post("runs/log-batch", { run_id: "$RUN", tags: [{ key, value: "1" }] }),
    post("runs/create", { experiment_id: "$EXPERIMENT", start_time: 1, tags: [{ key, value: "1" }] }),
    post("experiments/set-experiment-tag", { experiment_id: "$EXPERIMENT", key, value: "1" }),
    post("registered-models/set-tag", { name: "$MODEL", key, value: "1" }),
    post("logged-models", { experiment_id: "$EXPERIMENT", tags: [{ key, value: "1" }] }),
  ]),
  post("runs/set-tag", { run_id: "$RUN", key: "t", value: "1" }),
  post("runs/set-tag", { run_id: "$RUN" }),
  post("runs/delete-tag", { run_id: "$RUN", key: "t" }),
  post("runs/delete-tag", { run_id: "$RUN", key: "t" }),
  post("runs/log-batch", { run_id: "$RUN" }),
  post("runs/log-batch", { run_id: "$RUN", metrics: [{ key: "m", value: 1 }] }),
  post("runs/log-batch", { run_id: "$RUN", metrics: "all" }),
  post("runs/log-batch", {
    run_id: "$RUN",
    params: [
      { key: "q", value: "1" },
      { key: "q", value: "2" },
    ],
  }),
  post("runs/log-batch", {
    run_id: "$RUN",
    tags: Array.from({ length: 101 }, (_, i) => ({ key: `t${i}`, value: "v" })),
  }),
  post("runs/log-batch", {
    run_id: "$RUN",
    metrics: Array.from({ length: 1001 }, (_, i) => ({ key: "m", value: 1, timestamp: i })),
  }),
  post("runs/log-model", { run_id: "$RUN", model_json: "{}" }),
  post("runs/log-model", { run_id: "$RUN", model_json: "{" }),
  post("runs/log-inputs", {
    run_id: "$RUN",
    datasets: [{ dataset: { name: "d", digest: "1", source_type: "local", source: "x" }, tags: [] }],
  }),
  post("runs/log-inputs", { run_id: missingRun, datasets: [] }),
  post("runs/log-inputs", { datasets: [] }),
  post("runs/outputs", { run_id: "$RUN", models: [{ model_id: "$LOGGED", step: 1 }] }),
  post("runs/outputs", { run_id: "$RUN" }),
  get(`${v2}/runs/get?run_id=$RUN`),
  post("runs/search", { experiment_ids: ["$EXPERIMENT"], max_results: 1 }),
  post("runs/search", { experiment_ids: ["$EXPERIMENT"], filter: "metrics.m >" }),
  post(
    "runs/search",
    { experiment_ids: ["$EXPERIMENT"], filter: "params.p > '1'" },
    "we refuse what has no meaning, the original compares text there",
  ),
  post("runs/search", { experiment_ids: ["$EXPERIMENT"], filter: "attributes.nothing = 'x'" }),
  post("runs/search", { experiment_ids: ["$EXPERIMENT"], filter: "metrics.m > 'x'" }),
  post("runs/search", { experiment_ids: ["$EXPERIMENT"], filter: "a = 1 or b = 2" }),
  post("runs/search", { experiment_ids: ["$EXPERIMENT"], order_by: ["nonsense.x"] }),
  post("runs/search", { experiment_ids: ["$EXPERIMENT"], max_results: 50_001 }),
  post("runs/search", { experiment_ids: ["$EXPERIMENT"], max_results: "many" }),
  post("runs/search", { experiment_ids: ["$EXPERIMENT"], page_token: "nonsense" }),
  post("runs/search", { experiment_ids: ["first"] }),
  post("runs/search", { experiment_ids: "$EXPERIMENT" }, "a single id is as good as a list of one to us"),
  post("runs/search", {}),
  post("runs/delete", { run_id: missingRun }),
  post("runs/delete", {}),
  get(`${v2}/metrics/get-history?run_id=$RUN&metric_key=m`),
  get(`${v2}/metrics/get-history?run_id=$RUN&metric_key=m&max_results=1`),
  get(`${v2}/metrics/get-history?run_id=$RUN&metric_key=m&max_results=0`),
  get(`${v2}/metrics/get-history?run_id=$RUN&metric_key=m&max_results=1&page_token=nonsense`),
  get(`${v2}/metrics/get-history?run_id=$RUN&metric_key=none`),
  get(`${v2}/metrics/get-history?run_id=$RUN`),
  get(
    `${v2}/metrics/get-history?run_id=${missingRun}&metric_key=m`,
    "the original has an empty history for runs that never were",
  ),
  get(`${v2}/metrics/get-history-bulk-interval?run_ids=$RUN&metric_key=m&max_results=2`),
  get(`${v2}/metrics/get-history-bulk-interval?run_ids=$RUN&metric_key=m&start_step=1`),
  get(`${v2}/metrics/get-history-bulk-interval?run_ids=$RUN&metric_key=m&start_step=2&end_step=1`),
  get(`${v2}/metrics/get-history-bulk-interval?metric_key=m`),

  get(`${v2}/artifacts/list?run_id=$RUN`),
  get(`${v2}/artifacts/list?run_id=$RUN&path=..%2F..`),
  get(`${v2}/artifacts/list?run_id=$RUN&path=%2Fetc`),
  get(`${v2}/artifacts/list?run_id=${missingRun}`),
  { method: "PUT", path: "2.0/mlflow-artifacts/artifacts/compared/a.txt", text: "hello", type: "text/plain" },
  get("2.0/mlflow-artifacts/artifacts?path=compared"),
  get("2.0/mlflow-artifacts/artifacts?path=..%2F..%2Fetc"),
  get(
    "2.0/mlflow-artifacts/artifacts?path=%252e%252e%252fetc",
    "an encoded name is a name to us, and there is no such folder",
  ),
  get(
    "2.0/mlflow-artifacts/artifacts/compared/none.txt",
    "the original fails with 500 where a file is missing",
  ),
  get("2.0/mlflow-artifacts/artifacts/..%2f..%2fetc%2fpasswd"),
  get("2.0/mlflow-artifacts/artifacts/%2e%2e%5c%2e%2e%5cetc", "refused as a path, not looked for"),
  {
    method: "PUT",
    path: "2.0/mlflow-artifacts/artifacts/..%2f..%2fescaped.txt",
    text: "x",
    type: "text/plain",
  },
  { method: "DELETE", path: "2.0/mlflow-artifacts/artifacts/..%2f..%2fescaped.txt" },
  { method: "DELETE", path: "2.0/mlflow-artifacts/artifacts/compared/a.txt" },

  post("registered-models/create", {}),
  post("registered-models/create", { name: "$MODEL" }),
  post("registered-models/create", { name: "a/b" }),
  get(`${v2}/registered-models/get?name=$MODEL`),
  get(`${v2}/registered-models/get?name=nobody`),
  get(`${v2}/registered-models/get`),
  get(`${v2}/registered-models/search?max_results=1`),
  get(`${v2}/registered-models/search?max_results=1001`),
  get(`${v2}/registered-models/search?filter=nonsense`),
  { method: "PATCH", path: `${v2}/registered-models/update`, body: { name: "$MODEL", description: "x" } },
  { method: "PATCH", path: `${v2}/registered-models/update`, body: { name: "nobody", description: "x" } },
  post("registered-models/rename", { name: "nobody", new_name: "x" }),
  post("registered-models/rename", { name: "$MODEL" }),
  post("registered-models/set-tag", { name: "$MODEL", key: "a", value: "b" }),
  post("registered-models/set-tag", { name: "nobody", key: "a", value: "b" }),
  { method: "DELETE", path: `${v2}/registered-models/delete-tag`, body: { name: "$MODEL", key: "a" } },
  { method: "DELETE", path: `${v2}/registered-models/delete`, body: { name: "nobody" } },
  post("registered-models/get-latest-versions", { name: "$MODEL" }),
  post("registered-models/get-latest-versions", { name: "$MODEL", stages: ["nonsense"] }),
  post("registered-models/get-latest-versions", { name: "nobody" }),
  post("registered-models/alias", { name: "$MODEL", alias: "best", version: "1" }),
  post("registered-models/alias", { name: "$MODEL", alias: "best", version: "9" }),
  post("registered-models/alias", { name: "$MODEL", alias: "latest", version: "1" }),
  post("registered-models/alias", { name: "$MODEL", alias: "v1", version: "1" }),
  post("registered-models/alias", { name: "$MODEL", alias: "prøve", version: "1" }),
  get(`${v2}/registered-models/alias?name=$MODEL&alias=best`),
  get(`${v2}/registered-models/alias?name=$MODEL&alias=none`),
  get(`${v2}/registered-models/alias?name=nobody&alias=best`),
  { method: "DELETE", path: `${v2}/registered-models/alias`, body: { name: "$MODEL", alias: "best" } },
  { method: "DELETE", path: `${v2}/registered-models/alias`, body: { name: "$MODEL", alias: "best" } },
  post("model-versions/create", { name: "nobody", source: "runs:/$RUN/model", run_id: "$RUN" }),
  post("model-versions/create", { name: "$MODEL" }),
  post("model-versions/create", { name: "$MODEL", source: "/etc/passwd" }),
  post("model-versions/create", { name: "$MODEL", source: "file:///etc/passwd" }),
  post("model-versions/create", { name: "$MODEL", source: "runs:/$RUN/model" }),
  post("model-versions/create", { name: "$MODEL", source: "mlflow-artifacts:/other/model", run_id: "$RUN" }),
  post("model-versions/create", { name: "$MODEL", source: "s3://bucket/a/../../b" }),
  post("model-versions/create", { name: "$MODEL", source: "s3://bucket/a/b" }),
  post("model-versions/create", { name: "$MODEL", source: "models:/$LOGGED" }),
  post("model-versions/create", { name: "$MODEL", source: "models:/$LOGGED", model_id: "$LOGGED" }),
  get(`${v2}/model-versions/get?name=$MODEL&version=1`),
  get(`${v2}/model-versions/get?name=$MODEL&version=99`),
  get(`${v2}/model-versions/get?name=$MODEL&version=first`),
  get(`${v2}/model-versions/get?name=$MODEL`),
  get(`${v2}/model-versions/get-download-uri?name=$MODEL&version=1`),
  get(`${v2}/model-versions/search?filter=name%3D'$MODEL'&max_results=1`),
  get(`${v2}/model-versions/search?filter=nonsense%3D'x'`),
  {
    method: "PATCH",
    path: `${v2}/model-versions/update`,
    body: { name: "$MODEL", version: "1", description: "x" },
  },
  post("model-versions/set-tag", { name: "$MODEL", version: "1", key: "a", value: "b" }),
  post("model-versions/set-tag", { name: "$MODEL", version: "99", key: "a", value: "b" }),
  {
    method: "DELETE",
    path: `${v2}/model-versions/delete-tag`,
    body: { name: "$MODEL", version: "1", key: "a" },
  },
  post("model-versions/transition-stage", { name: "$MODEL", version: "1", stage: "staging" }),
  post("model-versions/transition-stage", { name: "$MODEL", version: "1", stage: "nonsense" }),
  post(
    "model-versions/transition-stage",
    { name: "$MODEL", version: "1", stage: "None", archive_existing_versions: true },
    "INVALID_PARAMETER_VALUE, not a failure of the server",
  ),
  { method: "DELETE", path: `${v2}/model-versions/delete`, body: { name: "$MODEL", version: "99" } },
  { method: "DELETE", path: `${v2}/model-versions/delete`, body: { name: "$MODEL", version: "1" } },
  get(`${v2}/model-versions/get?name=$MODEL&version=1`),

  post("logged-models", { experiment_id: "987654321" }),
  post("logged-models", {}),
  post("logged-models", { experiment_id: "$EXPERIMENT", name: "a/b" }),
  get(`${v2}/logged-models/$LOGGED`),
  get(`${v2}/logged-models/m-none`),
  { method: "PATCH", path: `${v2}/logged-models/$LOGGED`, body: { model_id: "$LOGGED", status: 2 } },
  { method: "PATCH", path: `${v2}/logged-models/$LOGGED/tags`, body: { tags: [{ key: "a", value: "b" }] } },
  { method: "DELETE", path: `${v2}/logged-models/$LOGGED/tags/a` },
  { method: "DELETE", path: `${v2}/logged-models/$LOGGED/tags/a` },
  post("logged-models/search", { experiment_ids: ["$EXPERIMENT"] }),
  post("logged-models/search", {}),
  post("logged-models/search", { experiment_ids: ["$EXPERIMENT"], filter: "nonsense.a = 'x'" }),
  { method: "DELETE", path: `${v2}/logged-models/m-none` },

  get("3.0/mlflow/server-info"),
  get("3.0/mlflow/traces/tr-none"),
  { method: "POST", path: "3.0/mlflow/traces/batchGetInfos", body: { trace_ids: ["tr-none"] } },
  { method: "POST", path: "3.0/mlflow/traces/search", body: { locations: [] } },
  { method: "POST", path: `${v2}/runs/create`, text: "{", type: "application/json" },
  {
    method: "POST",
    path: `${v2}/runs/create`,
    text: "experiment_id=0",
    type: "application/x-www-form-urlencoded",
    differs: "415 says it more precisely than 400",
  },
];

type Names = Readonly<Record<"RUN" | "EXPERIMENT" | "MODEL" | "LOGGED", string>>;

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly fields: readonly string[];
}

/** @param token what both are sent; the original makes nothing of it */
export async function compare(ours: string, original: string, token = ""): Promise<Compared[]> {
  const stamp = Date.now();
  const [mine, theirs] = [await prepare(ours, stamp, token), await prepare(original, stamp, token)];
  const compared: Compared[] = [];
  for (const one of cases) {
    const [got, expected] = [await ask(ours, one, mine, token), await ask(original, one, theirs, token)];
    const difference = one.differs ? undefined : differenceOf(got, expected);
    const sent = one.body === undefined ? "" : ` ${JSON.stringify(one.body).slice(0, 70)}`;
    compared.push({
      name: `${one.method} ${one.path}${sent}`,
      ok: difference === undefined,
      detail: difference ?? one.differs ?? "",
    });
  }
  return compared;
}

const bearing = (token: string) => (token ? { authorization: `Bearer ${token}` } : undefined);

/** What both servers have before the first case. */
async function prepare(server: string, stamp: number, token: string): Promise<Names> {
  const send = async (path: string, body: unknown) => {
    const response = await fetch(`${server}/api/${v2}/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...bearing(token) },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${server} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, Record<string, Record<string, string>>> &
      Record<string, string>;
  };
  const EXPERIMENT = (await send("experiments/create", { name: `compared ${stamp}` })).experiment_id ?? "";
  const run = await send("runs/create", { experiment_id: EXPERIMENT, start_time: stamp });
  const RUN = run.run?.info?.run_id ?? "";
  const logged = await send("logged-models", {
    experiment_id: EXPERIMENT,
    name: "logged",
    source_run_id: RUN,
  });
  const MODEL = `compared-${stamp}`;
  await send("registered-models/create", { name: MODEL });
  await send("model-versions/create", { name: MODEL, source: `runs:/${RUN}/model`, run_id: RUN });
  return { EXPERIMENT, RUN, MODEL, LOGGED: logged.model?.info?.model_id ?? "" };
}

async function ask(
  server: string,
  { method, path, body, text, type }: Case,
  names: Names,
  token: string,
): Promise<Answer> {
  const named = (template: string) =>
    template.replace(/\$(RUN|EXPERIMENT|MODEL|LOGGED)/g, (_, name: keyof Names) => names[name]);
  const sent = text ?? (body === undefined ? undefined : named(JSON.stringify(body)));
  const response = await fetch(`${server}/api/${named(path)}`, {
    method,
    headers: { "content-type": type ?? "application/json", ...bearing(token) },
    ...(sent !== undefined && { body: sent }),
  });
  const answer = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(answer);
  } catch {
    json = {};
  }
  const code = (json as { error_code?: string }).error_code;
  return { status: response.status, ...(code !== undefined && { code }), fields: code ? [] : fieldsOf(json) };
}

/** Paths of fields that say something: `run.info.run_id`, `runs[].data`. */
function fieldsOf(value: unknown, at = ""): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => fieldsOf(item, `${at}[]`)))];
  // Of the original's workspaces there is one here.
  if (at.endsWith(".workspace")) return [];
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, inner]) => fieldsOf(inner, at ? `${at}.${key}` : key));
  return value === "" || value === null ? [] : [at];
}

function differenceOf(got: Answer, expected: Answer): string | undefined {
  const shown = ({ status, code = "" }: Answer) => `${status} ${code}`.trim();
  if (shown(got) !== shown(expected)) return `${shown(got)}, the original ${shown(expected)}`;
  const missing = expected.fields.filter((field) => !got.fields.includes(field));
  return missing.length > 0 ? `without ${missing.join(", ")}` : undefined;
}
