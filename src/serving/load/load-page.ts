/** A load report as one HTML page without anything from elsewhere. */
import type { LoadReport } from "./run-load.ts";

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (mark) => escapes[mark]!);

const milliseconds = (value: number): string => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;

/** @param failures why the load counts as failed, where it does */
export function loadPage(report: LoadReport, title: string, failures: readonly string[] = []): string {
  const { latency, failed, errors } = report;
  const counts = (all: Readonly<Record<string, number>>) =>
    Object.entries(all)
      .map(([name, value]) => `${value} x ${name}`)
      .join(", ") || "none";
  const facts: readonly (readonly [string, string])[] = [
    ["Service", report.url],
    [
      "Load",
      report.rate === undefined
        ? `${report.users} users, each asks again when it is answered`
        : `${report.rate} requests a second, at most ${report.users} at once`,
    ],
    ["Time", `${report.durationSeconds.toFixed(1)} s`],
    [
      "Answers",
      `${report.answered} (${report.answersPerSecond.toFixed(1)} a second) to ${report.requests} requests`,
    ],
    ["Refused with Retry-After", String(report.refused)],
    ...(report.unsent === undefined ? [] : [["Due, but not sent in time", String(report.unsent)] as const]),
    ["Other answers", counts(failed)],
    ["Broken connections", counts(errors)],
    ...(report.wrong === undefined ? [] : [["Wrong answers", String(report.wrong)] as const]),
    ...(["mean", "p50", "p90", "p95", "p99", "max"] as const).map(
      (name) => [`Latency, ${name}`, milliseconds(latency[name])] as const,
    ),
  ];
  const rows = facts.map(([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
  th { text-align: left; font-weight: 500; padding-right: 2rem; vertical-align: top; }
  svg { width: 100%; height: 12rem; }
  svg line { stroke: currentColor; opacity: 0.3; }
  .failure { font-weight: 600; color: #c62828; }
  figcaption { font-size: 0.9rem; opacity: 0.7; }
</style>
<h1>${escaped(title)}</h1>
${failures.map((failure) => `<p class="failure">${escaped(failure)}</p>`).join("\n")}
<table>${rows.join("\n")}</table>
${curve(report, "Answers of each second", ({ answered }) => answered, String)}
${curve(report, "99th percentile of each second", ({ p99 }) => p99, milliseconds)}
</html>
`;
}

type Second = LoadReport["seconds"][number];

/** A curve over the seconds of the load, from 0 to its largest value. */
function curve(
  { seconds }: LoadReport,
  caption: string,
  heightOf: (second: Second) => number,
  shown: (value: number) => string,
): string {
  const values = seconds.map(heightOf);
  const largest = Math.max(1, ...values);
  const [width, height] = [600, 120];
  const points = values.map((value, i) => {
    const x = values.length < 2 ? 0 : (i / (values.length - 1)) * width;
    return `${x.toFixed(1)},${(height * (1 - value / largest)).toFixed(1)}`;
  });
  return `<figure><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${escaped(caption)}">
${[0, height].map((y) => `<line x1="0" x2="${width}" y1="${y}" y2="${y}" vector-effect="non-scaling-stroke"/>`).join("")}
<polyline points="${points.join(" ")}" fill="none" stroke="currentColor" vector-effect="non-scaling-stroke"/>
</svg><figcaption>${escaped(caption)}: 0 to ${escaped(shown(largest))}, over ${seconds.length} s</figcaption></figure>`;
}
