/** `havn load`. */
import { writeFile } from "node:fs/promises";
import { type Command, InvalidArgumentError } from "commander";
import {
  expectService,
  type LoadReport,
  type LoadRequest,
  loadPage,
  runLoad,
  servedProject,
} from "../../serving/index.ts";
import { loadProject, projectConfig, sampleRequests, TaskError } from "../../tasks/index.ts";
import { terminal } from "../terminal.ts";

interface LoadCommandOptions {
  readonly url?: string;
  readonly users: number;
  readonly duration: number;
  readonly open?: number;
  readonly warmUp: number;
  readonly body?: string;
  readonly check?: boolean;
  readonly p99?: number;
  readonly report?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("must be a number above 0");
  return value;
};
const atLeastZero = (text: string): number => {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError("must be 0 or more");
  return value;
};
const users = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("must be a whole number above 0");
  return value;
};

/** Answers of a batch and of a request alone differ by less, as far as float32 rounds. */
const tolerance = 1e-3;

export function addLoadCommand(program: Command): void {
  program
    .command("load")
    .description("put load on a running service and measure it")
    .argument(
      "<target>",
      "name of a project, whose test rows are asked; URL of its service; URL of any route",
    )
    .argument("[overrides...]", "configuration of the project, such as data.test=FILE")
    .option("--url <url>", "where the project's service is", "http://127.0.0.1:8000")
    .option("--users <n>", "users that ask again when they are answered; most at once with --open", users, 32)
    .option("--duration <seconds>", "how long", positive, 10)
    .option("--open <rate>", "so many requests a second, whatever the answers do", positive)
    .option("--warm-up <seconds>", "load before the measurement", atLeastZero, 1)
    .option("--body <json>", "JSON that is sent to a URL; without it the URL is asked with GET")
    .option("--check", "compare each answer with that to the same request alone; fail when one differs")
    .option("--p99 <ms>", "fail when the 99th percentile of the latency is above it", positive)
    .option("--report <file>", "write an HTML report")
    .option("--json", "print the result as one line of JSON")
    .option("--quiet", "print the result only")
    .action(async (target: string, overrides: string[], options: LoadCommandOptions) => {
      const { note, result } = terminal(options);
      const { url, requests } = await targetOf(target, overrides, options);
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      note(
        `${options.open === undefined ? `${options.users} users` : `${options.open} requests a second`} for ${options.duration} s, ${requests.length} different requests to ${url}`,
      );
      const report = await runLoad({
        ...{ url, requests, users: options.users, durationSeconds: options.duration },
        ...(options.open !== undefined && { rate: options.open }),
        ...(options.check && { check: { tolerance } }),
        ...{ warmUpSeconds: options.warmUp, signal: stop.signal },
      });
      const failures = failuresOf(report, options);
      if (options.report) await writeFile(options.report, loadPage(report, `Load on ${target}`, failures));
      result([describe(report), ...failures].join("\n"), { ...report, failures });
      if (failures.length > 0) process.exitCode = 1;
    });
}

interface Target {
  readonly url: string;
  readonly requests: readonly LoadRequest[];
}

async function targetOf(
  target: string,
  overrides: readonly string[],
  { url = "", body }: LoadCommandOptions,
): Promise<Target> {
  if (!/^https?:\/\//.test(target)) {
    if (body !== undefined)
      throw new TaskError("--body goes with a URL; a project's test rows are its bodies");
    const project = await loadProject(target);
    await expectService(project.name, url);
    return { url, requests: await testRows(target, overrides) };
  }
  const service = body === undefined ? await projectAt(target) : undefined;
  if (service !== undefined) return { url: target, requests: await testRows(service, overrides) };
  const { origin, pathname, search } = new URL(target);
  const path = pathname + search;
  if (body === undefined) return { url: origin, requests: [{ method: "GET", path, headers: {} }] };
  const headers = { "content-type": "application/json" };
  return { url: origin, requests: [{ method: "POST", path, headers, body: new TextEncoder().encode(body) }] };
}

/** The project whose service a URL is, as the service says; undefined where there is another thing at the URL. */
async function projectAt(url: string): Promise<string | undefined> {
  const { origin, pathname, search } = new URL(url);
  if (search !== "") return undefined;
  return servedProject(origin + pathname).catch(() => undefined);
}

async function testRows(name: string, overrides: readonly string[]): Promise<LoadRequest[]> {
  const project = await loadProject(name);
  const command = `havn load ${name}`;
  const config = projectConfig(project, overrides, { command, workingFolder: process.cwd() });
  const samples = await sampleRequests(project, config, { limit: 200 });
  return samples.map(({ request }) => request);
}

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;

function describe(report: LoadReport): string {
  const { latency, refused, unsent = 0, failed, errors, wrong } = report;
  const others = [
    ...(unsent > 0 ? [`${unsent} were due and could not be sent in time`] : []),
    ...(refused > 0 ? [`${refused} refused with Retry-After`] : []),
    ...Object.entries(failed).map(([status, count]) => `${count} answered ${status}`),
    ...Object.entries(errors).map(([code, count]) => `${count} broken (${code})`),
    ...(wrong === undefined ? [] : [`${wrong} wrong`]),
  ];
  return [
    `${report.answered} answers in ${report.durationSeconds.toFixed(1)} s, ${report.answersPerSecond.toFixed(1)} a second`,
    `latency p50 ${ms(latency.p50)}, p90 ${ms(latency.p90)}, p99 ${ms(latency.p99)}, longest ${ms(latency.max)}`,
    ...(others.length > 0 ? [others.join(", ")] : []),
  ].join("\n");
}

/** Why the load counts as failed. */
function failuresOf(report: LoadReport, { p99 }: LoadCommandOptions): string[] {
  const total = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((sum, count) => sum + count, 0);
  return [
    ...(p99 !== undefined && report.latency.p99 > p99
      ? [`failed: p99 must be at most ${p99} ms, it is ${ms(report.latency.p99)}`]
      : []),
    ...(report.unsent
      ? ["failed: it did not keep up with the rate; with more --users more may be under way at once"]
      : []),
    ...(report.answered === 0 ? ["failed: no request was answered"] : []),
    ...(total(report.failed) > 0 ? ["failed: there were answers other than 2xx, 429 and 503"] : []),
    ...(total(report.errors) > 0 ? ["failed: connections broke"] : []),
    ...(report.wrong ? ["failed: answers under load differ from those alone"] : []),
  ];
}
