import { SingleBar } from "cli-progress";
import type { Report, TrainEvent } from "./report.ts";

/** Where progress is printed. */
export interface ProgressStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
}

type Started = Extract<TrainEvent, { kind: "started" }>;
type Step = Extract<TrainEvent, { kind: "step" }>;

/**
 * Prints a run's events: a bar with speed and time left on a terminal, elsewhere a line about every tenth of
 * the run or every ten seconds. When `quiet`, only warnings and how an interrupted run is continued.
 */
export function printProgress(
  stream: ProgressStream,
  { quiet = false, now = Date.now }: { quiet?: boolean; now?: () => number } = {},
): Report {
  const line = (text: string) => stream.write(`${text}\n`);
  const steps = quiet ? nothing : stream.isTTY ? stepBar(stream) : stepLines(line, now);
  let started: Started & { at: number } = { kind: "started", epochs: 0, steps: 0, stepsDone: 0, at: now() };
  return (event) => {
    switch (event.kind) {
      case "started":
        started = { ...event, at: now() };
        if (!quiet && event.resumedFrom)
          line(`resuming after step ${event.stepsDone} from ${event.resumedFrom}`);
        return;
      case "step":
        return steps.update(event, started, describeStep(event, started, now() - started.at));
      case "epoch":
        steps.pause();
        if (!quiet)
          line(
            `epoch ${event.epoch}/${started.epochs}: ${describeMetrics(event.metrics)}${event.isBest ? " (best)" : ""}`,
          );
        return;
      case "checkpoint":
        return;
      case "failed":
        // Whoever called `train` prints the error.
        return steps.pause();
      case "warning":
        steps.pause();
        line(`warning: ${event.message}`);
        return;
      case "ended":
        steps.pause();
        if (event.status === "stopped-early" && !quiet)
          line(`stopped early after step ${event.step}: no better epoch`);
        if (event.status === "interrupted") {
          const command =
            event.resumeCommand === undefined ? "" : `; continue with\n  ${event.resumeCommand}`;
          const when =
            event.step === 0
              ? "interrupted before the first step"
              : `interrupted after step ${event.step}, the checkpoint is written`;
          line(`${when}${command}`);
        }
    }
  };
}

/** A way of showing steps; `pause` clears the way for other lines. */
interface Steps {
  update(event: Step, started: Started, text: string): void;
  pause(): void;
}

const nothing: Steps = { update() {}, pause() {} };

function stepBar(stream: ProgressStream): Steps {
  const bar = new SingleBar({
    stream,
    format: "{bar} {percentage}% {text}",
    barsize: 24,
    barCompleteChar: "━",
    barIncompleteChar: "─",
    clearOnComplete: true,
    linewrap: true,
    // Ctrl-C belongs to the run, which writes a checkpoint.
    gracefulExit: false,
  });
  return {
    update({ step }, { steps }, text) {
      if (bar.isActive) bar.update(step, { text });
      else bar.start(steps, step, { text });
    },
    pause: () => bar.stop(),
  };
}

function stepLines(line: (text: string) => void, now: () => number): Steps {
  let last = { tenth: 0, time: now() };
  return {
    update({ step }, { steps }, text) {
      const next = { tenth: Math.floor((10 * step) / steps), time: now() };
      if (next.tenth === last.tenth && next.time - last.time < 10_000) return;
      last = next;
      line(`step ${step}/${steps} ${text}`);
    },
    pause() {},
  };
}

function describeStep(
  { epoch, step, loss, examplesPerSecond }: Step,
  { epochs, steps, stepsDone }: Started,
  elapsedMs: number,
): string {
  const leftMs = (elapsedMs / (step - stepsDone)) * (steps - step);
  const speed = `${Number(examplesPerSecond.toPrecision(3))} examples/s`;
  return `epoch ${epoch}/${epochs}, loss ${loss.toFixed(4)}, ${speed}, ${formatDuration(leftMs)} left`;
}

const describeMetrics = (metrics: Readonly<Record<string, number>>) =>
  Object.entries(metrics)
    .map(([name, value]) => `${name} ${value.toFixed(4)}`)
    .join(", ");

/** 75,000 ms is 1:15; hours come first where there are some. */
function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const parts = hours > 0 ? [hours, minutes, seconds % 60] : [minutes, seconds % 60];
  return parts.map((part, i) => (i === 0 ? `${part}` : String(part).padStart(2, "0"))).join(":");
}
