/** A training of points that a straight line parts, as the tests of the loop run it. */
import { type TrainOptions, type TrainResult, train } from "../train.ts";
import {
  logisticSession,
  metricTable,
  pointClassification,
  points,
  smallSettings,
} from "./logistic-regression.ts";

export const rows = { train: points(30), validation: points(14, 2) };
export const stepsPerEpoch = 4; // ceil(ceil(30 / 4) / 2)
export const totalSteps = 3 * stepsPerEpoch;

type Options = TrainOptions<(typeof rows.train)[number], unknown, unknown>;

export interface PointsTraining extends Omit<Partial<Options>, "settings"> {
  readonly settings?: Partial<Options["settings"]>;
  /** Where its checkpoints are, and how often one is written. */
  readonly root: string;
  readonly every?: Options["checkpoints"]["every"];
  readonly resume?: boolean;
}

export const trainOnPoints = ({
  session = logisticSession(),
  every = { steps: 3 },
  resume = false,
  root,
  settings = {},
  ...options
}: PointsTraining): Promise<TrainResult> =>
  train({
    session,
    trainable: pointClassification,
    rows,
    settings: { ...smallSettings, ...settings },
    checkpoints: { folder: root, every, resume, resumeCommand: "havn train points --resume 7" },
    run: metricTable(),
    ...options,
  });
