import { join } from "node:path";
import { closest } from "fastest-levenshtein";
import type { Batch, Loader } from "../data/index.ts";
import { oneProcess, type ProcessGroup } from "../tensor/index.ts";
import type { Metric } from "../tracking/index.ts";
import { checkpointName, type Progress, saveCheckpoint } from "./checkpoints.ts";
import { type EpochPlan, planEpochs } from "./epoch-plan.ts";
import { type Evaluation, evaluateSplit } from "./evaluate.ts";
import { bufferMetrics, type MetricBuffer } from "./metric-log.ts";
import { notFinite } from "./not-finite.ts";
import type { TrainEvent } from "./report.ts";
import { createSchedule, type Schedule } from "./schedules.ts";
import { ownRows, type StepShare, shareStep } from "./step-share.ts";
import type { TrainOptions, TrainResult, TrainStatus } from "./train.ts";
import { TrainError } from "./train-error.ts";
import { isBetter } from "./train-settings.ts";

const nothingYet = { sum: 0, rows: 0 };

type Split = "train" | "validation";

/** An epoch: all its steps, and of those to be done this process's share of their batches, which is being prepared. */
interface Epoch {
  readonly steps: number[][][];
  readonly batches: AsyncIterableIterator<Batch, undefined>;
}

/** One training run in this process: where it stands and how it goes on. */
export class TrainingLoop<Row, Example, Outcome> {
  readonly #options: TrainOptions<Row, Example, Outcome>;
  readonly #loader: Loader<Split>;
  readonly #lengths: Readonly<Record<Split, readonly number[]>>;
  readonly #plan: EpochPlan;
  readonly #schedule: Schedule;
  readonly #metrics: MetricBuffer;
  readonly #now: () => number;
  readonly #processes: ProcessGroup;
  #progress: Progress;
  /** Name of the last checkpoint that is on the disk. */
  #saved: string | undefined;
  /** Why the last checkpoint is not. */
  #saveError: TrainError | undefined;
  /** When a checkpoint was last tried. */
  #lastSave: { step: number; time: number };

  /**
   * @param loader   of the rows
   * @param lengths  of each row
   * @param record   what the run is started with, for its checkpoints
   * @param progress of the checkpoint that the session has been restored from
   * @param logged   the metrics that the store has already
   */
  constructor(
    options: TrainOptions<Row, Example, Outcome>,
    {
      loader,
      lengths,
      record,
      progress,
      logged,
    }: {
      loader: Loader<Split>;
      lengths: Readonly<Record<Split, readonly number[]>>;
      record: Record<string, unknown>;
      progress: Progress | undefined;
      logged: Record<string, Metric>;
    },
  ) {
    const { settings, run, now = Date.now, processes = oneProcess } = options;
    this.#options = options;
    this.#now = now;
    this.#processes = processes;
    this.#loader = loader;
    this.#lengths = lengths;
    this.#plan = planEpochs(lengths.train, settings);
    this.#schedule = createSchedule(settings.schedule, this.#plan.totalSteps);
    const onError = (error: unknown) =>
      this.#warn(`metrics could not be logged (${error}); they are kept and tried again`);
    this.#metrics = bufferMetrics(run, { logged, onError, now });
    this.#progress = progress ?? {
      ...{ step: 0, epoch: 0, stepInEpoch: 0, epochLoss: nothingYet },
      ...{ metrics: {}, best: null, epochsSinceBest: 0, settings: record },
    };
    this.#saved = progress && checkpointName(progress);
    this.#lastSave = { step: this.#progress.step, time: now() };
  }

  async run(): Promise<TrainResult> {
    const { settings, checkpoints } = this.#options;
    this.#report({
      kind: "started",
      epochs: settings.epochs,
      steps: this.#plan.totalSteps,
      stepsDone: this.#progress.step,
      ...(this.#saved !== undefined && { resumedFrom: join(checkpoints.folder, this.#saved) }),
    });
    try {
      const status = await this.#trainUntilEnd();
      await this.#metrics.flush();
      if (this.#saveError) throw this.#saveError;
      return this.#end(status);
    } catch (error) {
      // The curves up to the failure help to understand it; a second failure must not hide it.
      await this.#metrics.flush().catch(() => {});
      this.#report({ kind: "failed", step: this.#progress.step, error });
      throw error;
    }
  }

  async #trainUntilEnd(): Promise<TrainStatus> {
    const { settings } = this.#options;
    const { patience = Number.POSITIVE_INFINITY } = settings.monitor;
    let epoch = this.#openEpoch(this.#progress.epoch, this.#progress.stepInEpoch);
    while (this.#progress.epoch < settings.epochs) {
      if (this.#progress.epochsSinceBest >= patience) return "stopped-early";
      const { steps, batches } = epoch;
      while (this.#progress.stepInEpoch < steps.length) {
        const groups = steps[this.#progress.stepInEpoch]!;
        const share = await this.#timed("data", () => shareStep(groups, batches, this.#options));
        if (!share) return this.#interrupt();
        await this.#timed("step", () => this.#step(share));
        // The last step's checkpoint comes after the evaluation.
        if (this.#progress.stepInEpoch < steps.length && this.#isCheckpointDue())
          await this.#save(this.#progress);
      }
      // Its first batches are prepared while this one is evaluated.
      epoch = this.#openEpoch(this.#progress.epoch + 1, 0);
      if (!(await this.#finishEpoch())) return this.#interrupt();
    }
    return "finished";
  }

  #openEpoch(epoch: number, stepsDone: number): Epoch {
    if (epoch >= this.#options.settings.epochs)
      return { steps: [], batches: this.#loader.batches("train", []) };
    const steps = this.#plan.stepsOf(epoch);
    const rows = ownRows(steps.slice(stepsDone).flat(), this.#processes);
    return { steps, batches: this.#loader.batches("train", rows, { epoch }) };
  }

  #timed<Result>(phase: string, work: () => Promise<Result>): Promise<Result> {
    const { trace } = this.#options;
    return trace ? trace.time(phase, work) : work();
  }

  async #step({ rows, microBatches, weights, dataWaitSeconds }: StepShare): Promise<void> {
    const { session, settings, logEvery = 1 } = this.#options;
    const learningRate = settings.learningRate * this.#schedule(this.#progress.step);
    const startedAt = this.#now();
    const { loss, gradientNorm } = await session.step(microBatches, { learningRate, weights });
    const seconds = (this.#now() - startedAt) / 1000;
    const step = this.#progress.step + 1;
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      const { epoch } = this.#progress;
      const safe =
        this.#saved === undefined ? undefined : join(this.#options.checkpoints.folder, this.#saved);
      const rates = { learningRate, fullLearningRate: settings.learningRate };
      throw notFinite({ step, epoch: epoch + 1, ...rates, loss, gradientNorm, rows }, safe);
    }
    const examplesPerSecond = rows.length / Math.max(seconds, 0.001);
    const { epoch, stepInEpoch, epochLoss } = this.#progress;
    this.#progress = {
      ...this.#progress,
      step,
      stepInEpoch: stepInEpoch + 1,
      epochLoss: { sum: epochLoss.sum + loss * rows.length, rows: epochLoss.rows + rows.length },
    };
    if (step % logEvery === 0) {
      this.#metrics.add(step, {
        train_loss: loss,
        learning_rate: learningRate,
        gradient_norm: gradientNorm,
        examples_per_second: examplesPerSecond,
        data_wait_seconds: dataWaitSeconds,
      });
    }
    this.#report({
      kind: "step",
      epoch: epoch + 1,
      step,
      loss,
      gradientNorm,
      learningRate,
      examplesPerSecond,
    });
  }

  /** Evaluates, decides whether this is the best epoch and saves it. False when the signal came before that. */
  async #finishEpoch(): Promise<boolean> {
    const { settings } = this.#options;
    const validation = await this.#timed("evaluation", () => this.#evaluate());
    if (!validation) return false;

    const { step, epochLoss, best } = this.#progress;
    const epoch = this.#progress.epoch + 1;
    const metrics = Object.fromEntries(
      Object.entries(validation.metrics).map(([name, value]) => [`validation_${name}`, value]),
    );
    const value = this.#monitored(metrics);
    const isBest = isBetter(value, best?.value, settings.monitor.goal);
    const all = { train_loss_epoch: epochLoss.sum / epochLoss.rows, ...metrics };
    this.#metrics.add(step, { ...all, epoch });
    this.#report({ kind: "epoch", epoch, step, metrics: all, isBest });

    const evaluated = { ...this.#progress, epoch, stepInEpoch: 0, epochLoss: nothingYet, metrics };
    const notBest = { ...evaluated, epochsSinceBest: this.#progress.epochsSinceBest + 1 };
    const name = checkpointName(evaluated);
    const next = isBest ? { ...evaluated, best: { name, step, epoch, value }, epochsSinceBest: 0 } : notBest;
    const [isSaved] = await this.#processes.gather(await this.#save(next));
    // A best epoch that is not on the disk cannot be gone back to, so the one before stays the best.
    this.#progress = isSaved ? next : notBest;
    return true;
  }

  #evaluate(): Promise<Evaluation<Outcome> | undefined> {
    const { session, trainable, settings, signal, rows } = this.#options;
    const split = { split: "validation", rows: rows.validation, lengths: this.#lengths.validation } as const;
    return evaluateSplit(
      (inputs) => session.evaluate(inputs),
      trainable,
      { ...split, loader: this.#loader },
      { batchSize: settings.batchSize, processes: this.#processes, ...(signal && { signal }) },
    );
  }

  #monitored(metrics: Readonly<Record<string, number>>): number {
    const { metric } = this.#options.settings.monitor;
    const value = metrics[metric];
    if (value !== undefined) return value;
    const known = Object.keys(metrics);
    const message = `monitor.metric is ${metric}, which this task does not measure. Did you mean ${closest(metric, known)}? It measures ${known.join(", ")}.`;
    throw new TrainError("unknown-metric", message, {
      details: { path: "monitor.metric", expected: known, got: metric },
    });
  }

  #isCheckpointDue(): boolean {
    const { every } = this.#options.checkpoints;
    if ("steps" in every) return this.#progress.step - this.#lastSave.step >= every.steps;
    return this.#now() - this.#lastSave.time >= every.seconds * 1000;
  }

  /**
   * Makes `progress` safe, metrics first: what a checkpoint has behind it must not be missing in the curves. The first
   * process does it for all.
   */
  async #save(progress: Progress): Promise<boolean> {
    return this.#processes.rank !== 0 || this.#timed("checkpoint", () => this.#write(progress));
  }

  async #write(progress: Progress): Promise<boolean> {
    await this.#metrics
      .flush()
      .catch((error: unknown) => this.#warn(`metrics could not be logged: ${error}`));
    try {
      const state = await this.#options.session.state();
      const folder = await saveCheckpoint(this.#options.checkpoints.folder, state, progress);
      this.#saved = checkpointName(progress);
      this.#saveError = undefined;
      this.#report({ kind: "checkpoint", step: progress.step, folder });
    } catch (error) {
      if (!(error instanceof TrainError)) throw error;
      this.#saveError = error;
      this.#warn(`${error.message} The run goes on and tries again at the next checkpoint.`);
    }
    this.#lastSave = { step: progress.step, time: this.#now() };
    return this.#saveError === undefined;
  }

  async #interrupt(): Promise<TrainStatus> {
    if (this.#saved !== checkpointName(this.#progress)) await this.#save(this.#progress);
    return "interrupted";
  }

  #end(status: TrainStatus): TrainResult {
    const { folder, resumeCommand } = this.#options.checkpoints;
    const { step, best, metrics } = this.#progress;
    const command = status === "interrupted" && resumeCommand !== undefined ? { resumeCommand } : {};
    this.#report({ kind: "ended", status, step, ...command });
    return {
      status,
      step,
      ...(best && {
        best: { step: best.step, epoch: best.epoch, value: best.value, folder: join(folder, best.name) },
      }),
      metrics: Object.fromEntries(
        Object.entries(metrics).map(([name, value]) => [name, value ?? Number.NaN]),
      ),
    };
  }

  #report(event: TrainEvent): void {
    this.#options.report?.(event);
  }

  #warn(message: string): void {
    this.#report({ kind: "warning", message });
  }
}
