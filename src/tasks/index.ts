/** What a project is made from, and the steps of its life: train, evaluate, register, promote, serve. */
export { endAbandonedRuns, unfinishedRun } from "./abandoned-runs.ts";
export { formatCsv } from "./csv.ts";
export { answeredFeatures, type LoggedFeatures, loggedFeatures } from "./drift-features.ts";
export { driftReference } from "./drift-reference.ts";
export { type EvaluatedRun, evaluationRun } from "./evaluation-run.ts";
export { type FoundModel, findModel, foundFiles } from "./find-model.ts";
export { announceEnd, followRuns } from "./follow-runs.ts";
export { imageClassification } from "./image-classification.ts";
export { imageUpload } from "./image-upload.ts";
export { type InitializedProject, initProject, type NewProject } from "./init-project.ts";
export { type Judgement, judgeModel } from "./judge-model.ts";
export type { ModelComparison, ModelMeasurement } from "./measure-model.ts";
export { versionFiles, versionFolder, withTemporaryFolder } from "./model-folder.ts";
export { exportVersion, type ModelVariant, type QuantizedVersion, quantizeVersion } from "./model-variant.ts";
export {
  openService,
  openVersion,
  promotedVersion,
  type ServingOptions,
  type VersionOptions,
} from "./open-service.ts";
export { defineProject, loadProject, type Project, projectNames } from "./project.ts";
export { isTracking, type ProjectConfig, projectConfig, trackingUri } from "./project-config.ts";
export { inferenceAlias, type Promotion, promoteBest, promoteIfBetter } from "./promotion.ts";
export { linkSweep, registerRun } from "./registration.ts";
export { type Checkout, checkOut } from "./reproduce-checkout.ts";
export {
  compareMetrics,
  type MetricComparison,
  type PlaceDifference,
  placeDifferences,
  type Recipe,
  recipeOf,
  requireSameData,
} from "./reproduce-run.ts";
export { isAlive } from "./run-process.ts";
export { requestOf, type SampleRequest, sampleRequests } from "./sample-requests.ts";
export {
  type RunTrial,
  type SweepAgentOptions,
  type SweepEvent,
  sweepAgent,
  type TrialHooks,
  type TrialOutcome,
} from "./sweep-agent.ts";
export { overridesOf, readSweepFile, type SweepFile } from "./sweep-file.ts";
export { type RunCombination, runMultirun } from "./sweep-multirun.ts";
export { bestTrial, type ParallelAxis, type SweepResults, sweepResults } from "./sweep-results.ts";
export { TaskError } from "./task-error.ts";
export { loadingFrom } from "./task-module.ts";
export { textClassification } from "./text-classification.ts";
export type { LabelAnswer } from "./text-classifier.ts";
export type { TrainingProfile } from "./training-profile.ts";
export { resumedConfig, type TrainedRun, trainingRun } from "./training-run.ts";
export { translation } from "./translation.ts";
export { untrainedVersion, withoutCheckpoint } from "./untrained-version.ts";
export { historyOf, type VersionLineage, versionLineage } from "./version-lineage.ts";
