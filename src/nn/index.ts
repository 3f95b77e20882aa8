/** Models as Hugging Face defines them, and their checkpoints. */
export { CheckpointError } from "./checkpoint-error.ts";
export { type CheckpointFiles, findCheckpoint, type HubOptions } from "./hub.ts";
export { initialize, namedParameters, withoutDecay } from "./module.ts";
export { type LoadedWeights, loadWeights, readModelConfig, savePretrained } from "./pretrained.ts";
export * from "./safetensors.ts";
export { type SequenceClassifier, sequenceClassifier, type TokenInputs } from "./sequence-classifier.ts";
