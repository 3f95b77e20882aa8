/** Models as Hugging Face defines them, and their checkpoints. */
export {
  type ClipVisionConfig,
  ClipVisionModelWithProjection,
  type ClipVisionOutputs,
  clipVisionConfig,
} from "./architectures/clip-vision.ts";
export {
  Mobilenetv3,
  type Mobilenetv3Config,
  Mobilenetv3ForImageClassification,
  type Mobilenetv3Layout,
  type Mobilenetv3Outputs,
  mobilenetv3Config,
  mobilenetv3Layout,
} from "./architectures/mobilenetv3.ts";
export {
  type TimmMobilenetv3Config,
  timmMobilenetv3Config,
  timmMobilenetv3Layout,
  timmName,
} from "./architectures/mobilenetv3-timm.ts";
export {
  areNormsFolded,
  type Moments,
  momentsOf,
  normMeasures,
  withMoments,
} from "./batch-norm-moments.ts";
export { CheckpointError } from "./checkpoint-error.ts";
export { storedTensors } from "./counter.ts";
export * from "./generation/index.ts";
export { type CheckpointFiles, findCheckpoint, type HubOptions } from "./hub.ts";
export { addLora, isLora, type LoraOptions, mergeLora } from "./lora.ts";
export {
  type PrunedWeights,
  type PruningOptions,
  pruneByMagnitude,
  type TensorSparsity,
} from "./magnitude-pruning.ts";
export { initialize, namedParameters, withoutDecay } from "./module.ts";
export {
  featuresPrefix,
  type HeadLabels,
  type ImageNetworkConfig,
  imageNetworkConfig,
  MultiHeadClassifier,
  type MultiHeadOutputs,
  multiHeadLoss,
} from "./multi-head-classifier.ts";
export { type LoadedWeights, loadWeights, readModelConfig, savePretrained } from "./pretrained.ts";
export * from "./safetensors.ts";
export {
  type DecoderStepInputs,
  type KeysAndValues,
  type Seq2Seq,
  type Seq2SeqInputs,
  type Seq2SeqOutputs,
  type SpecialTokens,
  seq2seq,
} from "./seq2seq.ts";
export { type SequenceClassifier, sequenceClassifier, type TokenInputs } from "./sequence-classifier.ts";
export {
  type BackboneMode,
  type CardLabels,
  TwoHeadClassifier,
  type TwoHeadConfig,
  type TwoHeadOutputs,
  twoHeadConfig,
  twoHeadLoss,
} from "./two-head-classifier.ts";
