export { CheckpointError } from "./checkpoint-error.ts";
export { initialize, namedParameters, withoutDecay } from "./module.ts";
export * from "./safetensors.ts";
export { type SequenceClassifier, sequenceClassifier, type TokenInputs } from "./sequence-classifier.ts";
