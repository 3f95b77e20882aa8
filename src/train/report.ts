import type { TrainStatus } from "./train.ts";

/** What happens in a training run, told as it happens. Counting from 1: epochs and steps are those done or under way. */
export type TrainEvent =
  | {
      readonly kind: "started";
      readonly epochs: number;
      readonly steps: number;
      /** Steps that an earlier process has done. */
      readonly stepsDone: number;
      /** Folder of the checkpoint that is continued from. */
      readonly resumedFrom?: string;
    }
  | {
      readonly kind: "step";
      readonly epoch: number;
      readonly step: number;
      readonly loss: number;
      readonly gradientNorm: number;
      readonly learningRate: number;
      readonly examplesPerSecond: number;
    }
  | {
      readonly kind: "epoch";
      readonly epoch: number;
      readonly step: number;
      /** `train_loss_epoch`, `validation_loss`, `validation_accuracy`, ... */
      readonly metrics: Readonly<Record<string, number>>;
      readonly isBest: boolean;
    }
  | { readonly kind: "checkpoint"; readonly step: number; readonly folder: string }
  | { readonly kind: "warning"; readonly message: string }
  /** The run ends with this error, which the caller of `train` gets too. */
  | { readonly kind: "failed"; readonly step: number; readonly error: unknown }
  | {
      readonly kind: "ended";
      readonly status: TrainStatus;
      readonly step: number;
      /** The command that continues an interrupted run. */
      readonly resumeCommand?: string;
    };

/** Where the events of a run go: a terminal, a log, a test. Called between steps, so it must be quick. */
export type Report = (event: TrainEvent) => void;
