/** Optimizers in order of increasing complexity: what each keeps per parameter, and its step as a call of a kernel. */
import type { Kernels } from "./kernels/kernels.ts";

export interface SgdSettings {
  readonly kind: "sgd";
  readonly momentum: number;
  readonly weightDecay: number;
}

export interface AdamSettings {
  /** "adam" adds the decay to the gradient, "adamw" takes it off the parameter. */
  readonly kind: "adam" | "adamw";
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
}

export type OptimizerSettings = SgdSettings | AdamSettings;

/** Gradient descent with Nesterov momentum (Sutskever et al. 2013); decay is part of the gradient. */
export const sgd = ({ momentum = 0.9, weightDecay = 0 } = {}): SgdSettings => ({
  kind: "sgd",
  momentum,
  weightDecay,
});

interface AdamOptions {
  readonly betas?: readonly [number, number];
  readonly epsilon?: number;
  readonly weightDecay?: number;
}

/** Adam (Kingma & Ba 2015, algorithm 1); decay is part of the gradient. */
export const adam = ({
  betas = [0.9, 0.999],
  epsilon = 1e-8,
  weightDecay = 0,
}: AdamOptions = {}): AdamSettings => ({
  kind: "adam",
  betas,
  epsilon,
  weightDecay,
});

/** AdamW (Loshchilov & Hutter 2019, algorithm 2): weight decay apart from the gradient. */
export const adamw = ({ weightDecay = 0.01, ...options }: AdamOptions = {}): AdamSettings => ({
  ...adam({ weightDecay, ...options }),
  kind: "adamw",
});

/** A run of floats in memory that is updated in one call: byte offsets, and a count of floats. */
export interface Segment {
  readonly parameter: number;
  readonly gradient: number;
  /** One offset for each slot of the optimizer. */
  readonly slots: readonly number[];
  readonly count: number;
}

export interface Update {
  /** Steps done before this one. */
  readonly step: number;
  readonly learningRate: number;
  /** Factor on the gradient: averaging and clipping. */
  readonly gradientScale: number;
  /** 1, or 0 for parameters that do not decay. */
  readonly decay: number;
}

/** What an optimizer keeps for each parameter, and how it changes a segment. */
export interface Optimizer {
  readonly slots: readonly string[];
  update(kernels: Kernels, segment: Segment, update: Update): void;
}

export function optimizer(settings: OptimizerSettings): Optimizer {
  return settings.kind === "sgd" ? sgdOptimizer(settings) : adamOptimizer(settings);
}

const sgdOptimizer = ({ momentum, weightDecay }: SgdSettings): Optimizer => ({
  slots: ["velocity"],
  update(kernels, { parameter, gradient, slots: [velocity], count }, { learningRate, gradientScale, decay }) {
    kernels.nesterov(
      parameter,
      gradient,
      velocity!,
      count,
      gradientScale,
      weightDecay * decay,
      learningRate,
      momentum,
    );
  },
});

function adamOptimizer({ kind, betas: [beta1, beta2], epsilon, weightDecay }: AdamSettings): Optimizer {
  return {
    slots: ["first_moment", "second_moment"],
    update(
      kernels,
      { parameter, gradient, slots: [first, second], count },
      { step, learningRate, gradientScale, decay },
    ) {
      const rate = learningRate / (1 - beta1 ** (step + 1));
      const secondScale = 1 / Math.sqrt(1 - beta2 ** (step + 1));
      const l2 = kind === "adam" ? weightDecay * decay : 0;
      const keep = kind === "adamw" ? 1 - learningRate * weightDecay * decay : 1;
      kernels.adam(
        parameter,
        gradient,
        first!,
        second!,
        count,
        gradientScale,
        l2,
        keep,
        rate,
        beta1,
        beta2,
        secondScale,
        epsilon,
      );
    },
  };
}
