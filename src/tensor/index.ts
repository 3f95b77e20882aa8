export * from "./ndarray.ts";
export type { StepReport, TrainingSession, TrainingState } from "./execution/training-session.ts";
export { type InferenceSession, openInference } from "./execution/inference-session.ts";
