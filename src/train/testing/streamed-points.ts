/** Points that training shakes, other ways in each epoch; this module is what threads open them from. */
import type { PreparationSource } from "../../data/index.ts";
import type { Trainable } from "../trainable.ts";
import { type LabelledPoint, pointClassification } from "./logistic-regression.ts";

export const streamedPoints = {
  ...pointClassification,
  streamed: true,
  prepareForTraining: ({ x, label }: LabelledPoint, random: () => number) => ({
    x: x.map((value) => value + 0.2 * random() - 0.1),
    label,
  }),
} satisfies Trainable<LabelledPoint, LabelledPoint, unknown>;

export const open = async () => streamedPoints;

export const streamedPointsSource: PreparationSource = { module: import.meta.url, options: {} };
