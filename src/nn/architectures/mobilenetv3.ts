/** MobileNetV3-small (Howard et al. 2019, table 2), as torchvision defines `mobilenet_v3_small`. */
import { z } from "zod";
import { add, hardswish, mean, relu, type Tensor, type TrainingPass } from "../../tensor/index.ts";
import { type BatchNormOptions, ConvNorm, SqueezeExcitation } from "../image-layers.ts";
import { dropoutAt, Linear, layerEnd } from "../layers.ts";
import { Module } from "../module.ts";

/** One inverted residual: 1x1 to the expanded channels, depthwise, squeeze-and-excitation, 1x1 to the output. */
export interface BlockLayout {
  readonly kernel: number;
  readonly stride: number;
  readonly expanded: number;
  /** Channels between the two layers of squeeze-and-excitation, where the block has one. */
  readonly squeezed: number | undefined;
  readonly output: number;
  readonly activation: "relu" | "hardswish";
}

/** Everything in which two networks of this family can differ. */
export interface Mobilenetv3Layout {
  /** Channels after the first convolution. */
  readonly stem: number;
  readonly blocks: readonly BlockLayout[];
  /** Channels after the last convolution: the pooled features. */
  readonly pooled: number;
  /** Width of the layer between the pooled features and the logits. */
  readonly embedding: number;
  /** Dropout of the embedding. */
  readonly dropout: number;
  readonly batchNorm: BatchNormOptions;
}

/** Table 2 of the paper: kernel, expanded, output, whether it squeezes, activation, stride. */
export const smallBlocks: readonly (readonly [
  number,
  number,
  number,
  boolean,
  BlockLayout["activation"],
  number,
])[] = [
  [3, 16, 16, true, "relu", 2],
  [3, 72, 24, false, "relu", 2],
  [3, 88, 24, false, "relu", 1],
  [5, 96, 40, true, "hardswish", 2],
  [5, 240, 40, true, "hardswish", 1],
  [5, 240, 40, true, "hardswish", 1],
  [5, 120, 48, true, "hardswish", 1],
  [5, 144, 48, true, "hardswish", 1],
  [5, 288, 96, true, "hardswish", 2],
  [5, 576, 96, true, "hardswish", 1],
  [5, 576, 96, true, "hardswish", 1],
];

/** The nearest multiple of 8 that takes off at most a tenth, as all networks of this family round their channels. */
export function roundChannels(channels: number): number {
  const rounded = Math.max(8, 8 * Math.floor((channels + 4) / 8));
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

/** Settings of torchvision's `mobilenet_v3_small`. */
export const mobilenetv3Config = z.looseObject({
  /** Factor on the channels of every layer. */
  width_mult: z.number().positive().default(1),
  num_classes: z.int().positive().default(1000),
  dropout: z.number().min(0).lt(1).default(0.2),
  bn: z
    .object({ eps: z.number().positive(), momentum: z.number().min(0).max(1) })
    .default({ eps: 0.001, momentum: 0.01 }),
});

export type Mobilenetv3Config = z.output<typeof mobilenetv3Config>;

/** Channels as torchvision derives them from the width. */
export function mobilenetv3Layout(
  config: Pick<Mobilenetv3Config, "width_mult" | "dropout" | "bn">,
): Mobilenetv3Layout {
  const scaled = (channels: number) => roundChannels(channels * config.width_mult);
  const blocks = smallBlocks.map(([kernel, expanded, output, squeezes, activation, stride]): BlockLayout => {
    const squeezed = squeezes ? roundChannels(Math.floor(scaled(expanded) / 4)) : undefined;
    return { kernel, stride, expanded: scaled(expanded), squeezed, output: scaled(output), activation };
  });
  return {
    stem: scaled(16),
    blocks,
    pooled: 6 * blocks.at(-1)!.output,
    embedding: scaled(1024),
    dropout: config.dropout,
    batchNorm: { epsilon: config.bn.eps, momentum: config.bn.momentum },
  };
}

const activations = { relu, hardswish };

class InvertedResidual extends Module {
  readonly block: readonly (ConvNorm | SqueezeExcitation)[];
  readonly #addsInput: boolean;

  constructor(input: number, layout: BlockLayout, batchNorm: BatchNormOptions) {
    super();
    const { kernel, stride, expanded, squeezed, output } = layout;
    const activation = activations[layout.activation];
    this.block = [
      ...(expanded === input ? [] : [new ConvNorm(input, expanded, { kernel: 1, batchNorm, activation })]),
      new ConvNorm(expanded, expanded, { kernel, stride, groups: expanded, batchNorm, activation }),
      ...(squeezed === undefined ? [] : [new SqueezeExcitation(expanded, squeezed)]),
      new ConvNorm(expanded, output, { kernel: 1, batchNorm }),
    ];
    this.#addsInput = stride === 1 && input === output;
  }

  forward(x: Tensor, pass?: TrainingPass): Tensor {
    const y = this.block.reduce((y, part) => part.forward(y, pass), x);
    return this.#addsInput ? add(y, x) : y;
  }
}

type Step = (x: Tensor, pass?: TrainingPass) => Tensor;

export interface Mobilenetv3Outputs {
  /** Images after the first convolution, each block and the last convolution: [batch, channels, height, width]. */
  readonly features: readonly Tensor[];
  /** [batch, pooled] */
  readonly pooled: Tensor;
  /** [batch, embedding] */
  readonly embedding: Tensor;
}

/** The network up to the layer before the logits. */
export class Mobilenetv3 extends Module {
  readonly features: readonly (ConvNorm | InvertedResidual)[];
  /** As in torchvision's sequence: a linear layer, its activation, dropout. */
  readonly classifier: readonly [linear: Linear, activation: Step, dropout: Step, logits?: Linear];

  constructor(layout: Mobilenetv3Layout) {
    super();
    const { stem, blocks, pooled, embedding, dropout, batchNorm } = layout;
    const inputs = [stem, ...blocks.map(({ output }) => output)];
    const activation = hardswish;
    this.features = [
      new ConvNorm(3, stem, { kernel: 3, stride: 2, batchNorm, activation }),
      ...blocks.map((block, i) => new InvertedResidual(inputs[i]!, block, batchNorm)),
      new ConvNorm(inputs.at(-1)!, pooled, { kernel: 1, batchNorm, activation }),
    ];
    const linear = new Linear(pooled, embedding, { deviation: 0.01 });
    this.classifier = [linear, hardswish, (x, pass) => dropoutAt(dropout, x, pass)];
  }

  /**
   * @param images [batch, 3, height, width], normalised
   * @param still  so many of the first parts compute as outside of training, whatever the pass
   * @returns the images after each part of `features`
   */
  convolve(images: Tensor, pass?: TrainingPass, still = 0): Tensor[] {
    const features: Tensor[] = [];
    for (const [i, part] of this.features.entries()) {
      const own = i < still ? undefined : pass;
      features.push(layerEnd(part.forward(features.at(-1) ?? images, own), own));
    }
    return features;
  }

  /** @param pooled [batch, pooled] @returns [batch, embedding] */
  embed(pooled: Tensor, pass?: TrainingPass): Tensor {
    const [linear, activation, dropout] = this.classifier;
    return dropout(activation(linear.forward(pooled)), pass);
  }

  /** @param images [batch, 3, height, width], normalised */
  forward(images: Tensor, pass?: TrainingPass): Mobilenetv3Outputs {
    const features = this.convolve(images, pass);
    const pooled = poolImages(features.at(-1)!);
    return { features, pooled, embedding: this.embed(pooled, pass) };
  }
}

/** Mean over height and width: [batch, channels, height, width] -> [batch, channels]. */
export const poolImages = (x: Tensor): Tensor => mean(x, { axes: [2, 3] });

/** The whole network, with logits of the classes. */
export class Mobilenetv3ForImageClassification extends Mobilenetv3 {
  declare readonly classifier: readonly [Linear, Step, Step, Linear];

  constructor(layout: Mobilenetv3Layout, classes: number) {
    super(layout);
    const [linear, activation, dropout] = this.classifier;
    const logits = new Linear(layout.embedding, classes, { deviation: 0.01 });
    this.classifier = [linear, activation, dropout, logits];
  }

  /** @returns also logits [batch, classes] */
  override forward(images: Tensor, pass?: TrainingPass): Mobilenetv3Outputs & { logits: Tensor } {
    const outputs = super.forward(images, pass);
    return { ...outputs, logits: this.classifier[3].forward(outputs.embedding) };
  }
}
