import "./execution/without-telemetry.ts";

export { gradients } from "./autodiff.ts";
export { ShapeError, TensorError } from "./errors.ts";
export { chromeTrace } from "./execution/chrome-trace.ts";
export { type InferenceSession, openInference } from "./execution/inference-session.ts";
export { openLocalInference } from "./execution/local-inference.ts";
export { openLocalRecurrent } from "./execution/local-recurrent.ts";
export { type OperatorCost, operatorCosts } from "./execution/operator-costs.ts";
export { joinRows, takeRows } from "./execution/places.ts";
export { joinProcesses, oneProcess, type ProcessGroup } from "./execution/process-group.ts";
export {
  type Caches,
  openRecurrent,
  type Recurrence,
  type RecurrentSession,
} from "./execution/recurrent-session.ts";
export type { RuntimeOptions } from "./execution/runtime.ts";
export { type Span, Trace, traceClock } from "./execution/trace.ts";
export type { TrainerOptions } from "./execution/trainer.ts";
export {
  type StepOptions,
  type StepReport,
  startTraining,
  type TrainingSession,
  type TrainingState,
} from "./execution/training-session.ts";
export { serve, Transferred, WorkerCalls } from "./execution/worker-calls.ts";
export * from "./ndarray.ts";
export { type Precision, precisions } from "./onnx/stored-weights.ts";
export type { Operand } from "./operator.ts";
export * from "./operators/index.ts";
export { adam, adamw, type OptimizerSettings, sgd } from "./optimizers.ts";
export {
  type CompileOptions,
  compile,
  compileTraining,
  type Program,
  type TrainingProgram,
} from "./program.ts";
export type { Dimension, Shape } from "./shape.ts";
export { Buffer, constant, type Initializer, input, Parameter, Tensor } from "./tensor.ts";
export { TrainingPass } from "./training-pass.ts";
