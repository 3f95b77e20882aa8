/** What a sweep has found, as data for pages and terminals. */
import type { Sweep, SweepStore, Trial } from "../tracking/index.ts";
import {
  allValues,
  type Parameter,
  type ParameterImportance,
  parameterImportance,
  parseSweep,
  type SweepDefinition,
} from "../train/index.ts";

/** One axis of the parallel coordinates. */
export type ParallelAxis =
  | { readonly key: string; readonly kind: "number"; readonly scale: "linear" | "log" }
  | { readonly key: string; readonly kind: "category"; readonly values: readonly string[] };

export interface ParallelCoordinates {
  /** The parameters that vary, the most important first, then the metric. */
  readonly axes: readonly ParallelAxis[];
  /** A row for each trial with a value: its places on the axes, a category by its text. */
  readonly rows: readonly { readonly trial: number; readonly values: readonly (number | string)[] }[];
}

export interface SweepResults {
  readonly sweep: Sweep;
  readonly metric: { readonly name: string; readonly goal: "minimize" | "maximize" };
  readonly trials: readonly Trial[];
  /** The trial with the best value among those that have finished; missing while none has. */
  readonly best?: Trial;
  readonly importance: readonly ParameterImportance[];
  readonly parallel: ParallelCoordinates;
}

export async function sweepResults(
  store: Pick<SweepStore, "getSweep" | "listTrials">,
  sweepId: string,
): Promise<SweepResults> {
  const sweep = await store.getSweep(sweepId);
  const trials = await store.listTrials(sweepId);
  const definition = parseSweep(sweep.definition);
  const { metric = { name: "", goal: "minimize" as const } } = definition;
  const importance = parameterImportance(definition.parameters, trials, { seed: sweep.seed });
  const best = bestTrial(definition, trials);
  return {
    sweep,
    metric: { name: metric.name, goal: metric.goal },
    trials,
    ...(best && { best }),
    importance,
    parallel: parallelCoordinates(definition, trials, importance),
  };
}

/** The best of the trials that have finished; the first of equals. */
export function bestTrial({ metric }: SweepDefinition, trials: readonly Trial[]): Trial | undefined {
  const sign = metric?.goal === "maximize" ? -1 : 1;
  const finished = trials.filter(({ status, value }) => status === "FINISHED" && value !== undefined);
  const [best] = finished.sort((a, b) => sign * (a.value! - b.value!) || a.number - b.number);
  return best;
}

function parallelCoordinates(
  { parameters, metric }: SweepDefinition,
  trials: readonly Trial[],
  importance: readonly ParameterImportance[],
): ParallelCoordinates {
  const rank = (key: string): number => importance.findIndex((entry) => entry.key === key);
  const axes = [...parameters]
    .filter(([, parameter]) => allValues(parameter)?.length !== 1)
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([key, parameter]) => axisOf(key, parameter, trials));
  const measured = trials.filter(({ value }) => value !== undefined);
  return {
    axes: [...axes, { key: metric?.name ?? "value", kind: "number", scale: "linear" }],
    rows: measured.map(({ number, parameters: values, value }) => ({
      trial: number,
      values: [
        ...axes.map((axis) =>
          axis.kind === "number" ? Number(values[axis.key]) : textOf(values[axis.key] ?? null),
        ),
        value!,
      ],
    })),
  };
}

function axisOf(key: string, parameter: Parameter, trials: readonly Trial[]): ParallelAxis {
  if (parameter.kind === "number") return { key, kind: "number", scale: parameter.scale };
  const values = parameter.kind === "choice" ? parameter.values : [parameter.value];
  const seen = trials.flatMap(({ parameters }) => parameters[key] ?? []);
  const texts = new Set([...values, ...seen].map(textOf));
  return { key, kind: "category", values: [...texts] };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
