/** Layers of convolutional networks, under the names that torchvision's sequences give their parts. */
import {
  add,
  Buffer,
  batchNorm,
  batchNormTraining,
  conv2d,
  hardsigmoid,
  mean,
  mul,
  Parameter,
  relu,
  type Tensor,
  type TrainingPass,
} from "../tensor/index.ts";
import { Counter } from "./counter.ts";
import { normal, ones, zeros } from "./initializers.ts";
import { Module } from "./module.ts";

interface Conv2dOptions {
  readonly stride?: number;
  /** Channels fall into that many groups which do not see each other. */
  readonly groups?: number;
  readonly bias?: boolean;
}

/** Convolution with a square kernel, padded so that stride 1 keeps the size of the image. */
export class Conv2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly #options: { stride: number; padding: number; groups: number };

  constructor(
    inChannels: number,
    outChannels: number,
    kernel: number,
    { stride = 1, groups = 1, bias = false }: Conv2dOptions = {},
  ) {
    super();
    // He et al. 2015, by the fan-out, as torchvision starts its networks.
    const deviation = Math.sqrt(2 / (outChannels * kernel ** 2));
    this.weight = new Parameter([outChannels, inChannels / groups, kernel, kernel], normal(deviation));
    this.bias = bias ? new Parameter([outChannels], zeros) : undefined;
    this.#options = { stride, padding: (kernel - 1) / 2, groups };
  }

  /** @param x [batch, in, height, width] @returns [batch, out, height / stride, width / stride] */
  forward(x: Tensor, pass?: TrainingPass): Tensor {
    return conv2d(x, this.weight, this.bias, { ...this.#options, training: pass !== undefined });
  }
}

export interface BatchNormOptions {
  readonly epsilon: number;
  /** Share of a new batch in the running statistics. */
  readonly momentum: number;
}

/** Batch normalisation: by the batch while training, by the running statistics otherwise. */
export class BatchNorm2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly running_mean: Buffer;
  readonly running_var: Buffer;
  readonly num_batches_tracked = new Counter();
  readonly #options: BatchNormOptions;

  constructor(channels: number, options: BatchNormOptions) {
    super();
    this.weight = new Parameter([channels], ones);
    this.bias = new Parameter([channels], zeros);
    this.running_mean = new Buffer([channels], zeros);
    this.running_var = new Buffer([channels], ones);
    this.#options = options;
  }

  /** @param x [batch, channels, height, width] */
  forward(x: Tensor, pass?: TrainingPass): Tensor {
    const kept = { mean: this.running_mean, variance: this.running_var };
    if (!pass) return batchNorm(x, this.weight, this.bias, kept, this.#options);
    const { output, running } = batchNormTraining(x, this.weight, this.bias, kept, this.#options);
    pass.update(this.running_mean, running.mean);
    pass.update(this.running_var, running.variance);
    pass.update(this.num_batches_tracked, add(this.num_batches_tracked, 1));
    return output;
  }
}

export type Activation = (x: Tensor) => Tensor;

interface ConvNormOptions {
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
  readonly batchNorm: BatchNormOptions;
  /** None unless given. */
  readonly activation?: Activation;
}

/** Convolution, batch normalisation, activation: the parts 0, 1 and 2 of torchvision's `Conv2dNormActivation`. */
export class ConvNorm extends Module {
  readonly 0: Conv2d;
  readonly 1: BatchNorm2d;
  readonly #activation: Activation;

  constructor(
    inChannels: number,
    outChannels: number,
    { kernel, batchNorm, activation = (x) => x, ...options }: ConvNormOptions,
  ) {
    super();
    this[0] = new Conv2d(inChannels, outChannels, kernel, options);
    this[1] = new BatchNorm2d(outChannels, batchNorm);
    this.#activation = activation;
  }

  forward(x: Tensor, pass?: TrainingPass): Tensor {
    return this.#activation(this[1].forward(this[0].forward(x, pass), pass));
  }
}

/** Scales each channel by what the means of all channels say of it (Hu et al. 2018; hard sigmoid: Howard et al. 2019). */
export class SqueezeExcitation extends Module {
  readonly fc1: Conv2d;
  readonly fc2: Conv2d;

  constructor(channels: number, squeezed: number) {
    super();
    this.fc1 = new Conv2d(channels, squeezed, 1, { bias: true });
    this.fc2 = new Conv2d(squeezed, channels, 1, { bias: true });
  }

  /** @param x [batch, channels, height, width] */
  forward(x: Tensor): Tensor {
    const means = mean(x, { axes: [2, 3], keepDims: true });
    return mul(x, hardsigmoid(this.fc2.forward(relu(this.fc1.forward(means)))));
  }
}
