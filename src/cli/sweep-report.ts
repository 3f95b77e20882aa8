/** What a person is told of a sweep, while it goes on and at its end. */
import type { SweepEvent, SweepResults } from "../tasks/index.ts";
import type { JsonRecord, Trial } from "../tracking/index.ts";
import type { Terminal } from "./terminal.ts";

/** Tells the events of an agent as lines. */
export function tellSweep({ note }: Pick<Terminal, "note">): (event: SweepEvent) => void {
  return (event) => {
    if (event.kind === "store-silent") {
      const { error } = event;
      return note(`the store does not answer: ${error instanceof Error ? error.message : error}`);
    }
    note(`trial ${event.trial.number}: ${wordsOf(event)}`);
  };
}

function wordsOf(event: Exclude<SweepEvent, { kind: "store-silent" }>): string {
  switch (event.kind) {
    case "trial-started": {
      const again = event.trial.attempts > 1 || event.trial.runId ? " (taken over)" : "";
      return `${formatParameters(event.trial.parameters)}${again}`;
    }
    case "evaluation":
      return `evaluation ${event.count}: ${digits(event.value)}`;
    case "trial-given-back":
      return "given back";
    case "trial-lost":
      return "is another agent's now";
    case "trial-ended":
      return formatEnd(event.end);
  }
}

interface End {
  readonly status: Trial["status"];
  readonly value?: number | undefined;
  readonly error?: string | undefined;
}

function formatEnd({ status, value, error }: End): string {
  const words = { FINISHED: "finished", STOPPED_EARLY: "stopped early", FAILED: "failed" } as const;
  const word = status in words ? words[status as keyof typeof words] : status.toLowerCase();
  if (error !== undefined) return `${word}: ${error}`;
  return value === undefined ? word : `${word}: ${digits(value)}`;
}

/** The table of the trials, what matters, and what was best. */
export function formatResults({ sweep, metric, trials, best, importance }: SweepResults): string {
  const counts = Map.groupBy(trials, ({ status }) => status);
  const summary = [...counts].map(([status, of]) => `${of.length} ${status.toLowerCase().replace("_", " ")}`);
  const lines = trials.map(
    (trial) =>
      `  ${String(trial.number).padStart(3)}  ${formatParameters(trial.parameters)}  ${formatEnd(trial)}${trial.runId ? `  run ${trial.runId}` : ""}`,
  );
  const matters = importance.map(
    ({ key, importance, correlation }) =>
      `  ${key}: ${(100 * importance).toFixed(0)} %${correlation === undefined ? "" : `, correlation ${correlation.toFixed(2)}`}`,
  );
  return [
    `sweep ${sweep.sweepId} of ${sweep.project} is ${sweep.status.toLowerCase()}: ${summary.join(", ") || "no trials"}`,
    ...lines,
    ...(matters.length > 0 ? ["importance of the parameters:", ...matters] : []),
    best
      ? `best ${metric.name}: ${digits(best.value!)} in trial ${best.number} (${formatParameters(best.parameters)})`
      : `no trial has finished yet`,
  ].join("\n");
}

const formatParameters = (parameters: JsonRecord): string =>
  Object.entries(parameters)
    .map(([key, value]) => `${key}=${typeof value === "number" ? digits(value) : JSON.stringify(value)}`)
    .join(" ");

const digits = (value: number): string => String(Number(value.toPrecision(4)));
