/** Search for good hyperparameters: pure functions from the trials so far to the next one. */
export type { PastTrial } from "./bayes-search.ts";
export { type Metric as SweepMetric, parseSweep, type SweepDefinition, sweepSchema } from "./definition.ts";
export { isHopeless } from "./early-termination.ts";
export { type ParameterImportance, parameterImportance } from "./importance.ts";
export { allValues, type Parameter, type Parameters, valueAt } from "./parameter.ts";
export { proposeTrial } from "./propose-trial.ts";
