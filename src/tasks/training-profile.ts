/** The profile of a training run: a trace among its artifacts, and what its operators cost. */
import type { ObjectStore } from "../storage/index.ts";
import { chromeTrace, type OperatorCost, operatorCosts, type Span } from "../tensor/index.ts";

export interface TrainingProfile {
  /** The trace, a file of this machine where the artifacts are; otherwise its name among them. */
  readonly file: string;
  /** Passes of the training program, counted from 1, that the operators' costs are added up over. */
  readonly passes: { readonly first: number; readonly last: number };
  /** Of forward and backward pass, the most expensive first. */
  readonly operators: readonly OperatorCost[];
}

const traceFile = "profile/trace.json";

/** Memory of a new size is expensive, so the first passes are no example, where there are others. */
const warmUpPasses = 2;

/** @param spans of the loop, the training thread and the kernels */
export async function saveProfile(artifacts: ObjectStore, spans: readonly Span[]): Promise<TrainingProfile> {
  await artifacts.put(traceFile, new TextEncoder().encode(chromeTrace(spans)));
  const kernels = spans.filter(({ track }) => track === "kernels of training");
  const passOf = ({ details }: Span) => Number(details?.run);
  const last = kernels.reduce((most, kernel) => Math.max(most, passOf(kernel)), 0);
  const first = last > warmUpPasses ? warmUpPasses + 1 : 1;
  return {
    file: (await artifacts.localPath?.(traceFile)) ?? traceFile,
    passes: { first, last },
    operators: operatorCosts(kernels.filter((kernel) => passOf(kernel) >= first)),
  };
}
