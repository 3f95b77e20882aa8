/** The same requests to our server and to the original: status, error code and the fields of the answer must agree. */
import { type Case, cases, v2 } from "./comparison-cases.ts";

export interface Compared {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

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
