/**
 * Runs the stock MLflow client against our server (`npm run interop:mlflow`):
 *
 *   npm run interop:mlflow                      scenarios of the client
 *   npm run interop:mlflow -- --compare         and the same raw requests to the original server
 *   npm run interop:mlflow -- --large 1024      and an artifact of so many megabytes, with the server's memory
 *   npm run interop:mlflow -- traces registry   only these scenarios
 *
 * Needs Python: the one that PYTHON names, or python3. Where that has no mlflow, one is installed into a virtual
 * environment of its own (`~/.cache/havn/interop`). Where there is no Python nothing is checked, and said so.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { z } from "zod";
import { freePort } from "../../src/http/index.ts";
import { compare } from "./comparison.ts";

const execute = promisify(execFile);
/** The client that the scenarios are written for. */
const packages = ["mlflow==3.17.0", "scikit-learn", "psutil"];
const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const outcome = z.object({
  name: z.string(),
  ok: z.boolean(),
  detail: z.string(),
  seconds: z.number().optional(),
});
type Outcome = z.output<typeof outcome>;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { compare: { type: "boolean" }, large: { type: "string" }, token: { type: "string" } },
});

const python = await findPython();
if (python === undefined) {
  console.warn(
    "SKIPPED: nothing was checked, because there is no Python with mlflow here and none could be installed.\n" +
      `Install Python 3.10 or newer, or name one that has mlflow: PYTHON=/path/to/python npm run interop:mlflow`,
  );
} else {
  const failed = await check(python);
  if (failed > 0) {
    console.error(`${failed} failed`);
    process.exitCode = 1;
  }
}

/** A Python that can import mlflow. */
async function findPython(): Promise<string | undefined> {
  const own = join(homedir(), ".cache", "havn", "interop", "bin", "python");
  const known = [process.env.PYTHON, own, "python3"].filter((path) => path !== undefined);
  for (const path of known) if (await imports(path, "mlflow, sklearn")) return path;
  const base = process.env.PYTHON ?? "python3";
  if (!(await imports(base, "venv"))) return undefined;
  console.warn(`Installing ${packages.join(", ")} into ${join(own, "..", "..")}; this happens once.`);
  try {
    if (!existsSync(own)) await execute(base, ["-m", "venv", join(own, "..", "..")]);
    await execute(own, ["-m", "pip", "install", "--quiet", ...packages], { maxBuffer: 64 * 1024 * 1024 });
    return own;
  } catch (error) {
    console.warn(error instanceof Error ? error.message.slice(0, 2000) : String(error));
    return undefined;
  }
}

async function imports(path: string, modules: string): Promise<boolean> {
  try {
    await execute(path, ["-c", `import ${modules}`], { cwd: tmpdir() });
    return true;
  } catch {
    return false;
  }
}

/** Runs everything and says how much failed. */
async function check(path: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "havn-interop-"));
  const ours = await startOurs(folder);
  try {
    console.log(
      `ready after ${ours.readyMs} ms, ${(await residentMegabytes(ours.process)).now} MB resident\n`,
    );
    const outcomes = await scenarios(path, ours.url, folder);
    if (values.large) {
      const { now, most } = await residentMegabytes(ours.process);
      console.log(`\nmemory of the server: ${now} MB resident, ${most} MB at most`);
    }
    if (values.compare) outcomes.push(...(await compareWithOriginal(path, ours.url, folder)));
    const failed = outcomes.filter(({ ok }) => !ok).length;
    console.log(`\n${outcomes.length - failed} of ${outcomes.length} as they should be`);
    return failed;
  } finally {
    await stop(ours.process);
    await rm(folder, { recursive: true, force: true });
  }
}

async function startOurs(folder: string) {
  const started = performance.now();
  const havn = spawn(
    process.execPath,
    [file("../../bin/havn.js"), "track", "--port", "0", "--home", join(folder, "home"), "--json"],
    { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, HAVN_TOKEN: values.token ?? "" } },
  );
  const [line] = (await once(createInterface({ input: havn.stdout }), "line")) as [string];
  const { url } = z.object({ url: z.string() }).parse(JSON.parse(line));
  return { process: havn, url, readyMs: Math.round(performance.now() - started) };
}

async function scenarios(path: string, server: string, folder: string): Promise<Outcome[]> {
  const client = spawn(path, [file("scenarios.py"), ...positionals], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
    env: {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: "1",
      MLFLOW_TRACKING_URI: server,
      ...(values.token && { MLFLOW_TRACKING_TOKEN: values.token }),
      ...(values.large && { HAVN_INTEROP_LARGE_MB: values.large }),
    },
  });
  const outcomes: Outcome[] = [];
  for await (const line of createInterface({ input: client.stdout })) {
    if (!line.startsWith('{"name"')) continue;
    const result = outcome.parse(JSON.parse(line));
    outcomes.push(result);
    print(result);
  }
  if (outcomes.length === 0) outcomes.push({ name: "the client", ok: false, detail: "said nothing" });
  return outcomes;
}

function print({ name, ok, detail, seconds }: Outcome): void {
  const time = seconds === undefined ? "" : `${seconds.toFixed(2).padStart(7)} s  `;
  console.log(`${ok ? "ok    " : "FAILED"} ${time}${name.padEnd(34)} ${detail}`.trimEnd());
}

async function compareWithOriginal(path: string, ours: string, folder: string): Promise<Outcome[]> {
  const port = await freePort();
  const original = spawn(
    path,
    ["-m", "mlflow", "server", "--backend-store-uri", `sqlite:///${join(folder, "original.db")}`].concat([
      "--artifacts-destination",
      join(folder, "original"),
      "--port",
      String(port),
      "--workers",
      "1",
    ]),
    { cwd: folder, stdio: "ignore", detached: true },
  );
  const url = `http://127.0.0.1:${port}`;
  try {
    await answers(`${url}/health`);
    const compared = await compare(ours, url, values.token);
    console.log("\nthe same requests to the original:");
    for (const result of compared) if (!result.ok || result.detail) print(result);
    return compared;
  } finally {
    // The original is several processes.
    if (original.pid !== undefined) process.kill(-original.pid, "SIGTERM");
  }
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 240; tries++) {
    if (
      await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await delay(500);
  }
  throw new Error(`the original does not answer at ${url}`);
}

/** Of the process itself, as Linux counts; 0 elsewhere. */
async function residentMegabytes({ pid }: ChildProcess): Promise<{ now: number; most: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const of = (name: string) =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024);
  return { now: of("VmRSS"), most: of("VmHWM") };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
