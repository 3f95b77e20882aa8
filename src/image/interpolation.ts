/** What an interpolation weighs with: a function of the distance, zero from `support` on. */
interface Filter {
  readonly support: number;
  weight(distance: number): number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** The filters under their names in torchvision's `InterpolationMode`. */
const filters = {
  bilinear: {
    support: 1,
    weight: (distance) => Math.max(1 - Math.abs(distance), 0),
  },
  /** Keys 1981, with a = -0.5. */
  bicubic: {
    support: 2,
    weight: (distance) => {
      const x = Math.abs(distance);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? ((x - 5) * x + 8) * x * -0.5 + 2 : 0;
    },
  },
  /** Sinc, windowed to three lobes. */
  lanczos: {
    support: 3,
    weight: (distance) => (distance >= -3 && distance < 3 ? sinc(distance) * sinc(distance / 3) : 0),
  },
} satisfies Record<string, Filter>;

/** How pixels between pixels are found, and which ones are averaged where an image shrinks. */
export type Interpolation = keyof typeof filters;

export const interpolations = Object.keys(filters) as [Interpolation, ...Interpolation[]];

/** Fraction bits of a weight: with 8 for a pixel and 2 to spare, for what overshoots, they fill 32. */
export const weightBits = 32 - 8 - 2;

/** For each output position the input positions it is made of. */
export interface Weights {
  /** The first input position. */
  readonly starts: Int32Array;
  /** How many input positions follow from there. */
  readonly counts: Int32Array;
  /** Their weights as fixed-point numbers with `weightBits` fraction bits; those of output `i` from `i * stride`. */
  readonly values: Int32Array;
  readonly stride: number;
}

/**
 * Weights for the outputs `from` to before `until` when `inputSize` positions become `outputSize`. Where the image
 * shrinks, the filter is stretched to cover all that falls into an output ("antialias").
 */
export function interpolationWeights(
  interpolation: Interpolation,
  inputSize: number,
  outputSize: number,
  from: number,
  until: number,
): Weights {
  const filter: Filter = filters[interpolation];
  const scale = inputSize / outputSize;
  const stretch = Math.max(scale, 1);
  const support = filter.support * stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(until - from);
  const counts = new Int32Array(until - from);
  const values = new Int32Array((until - from) * stride);
  const exact = new Float64Array(stride);
  for (let output = from; output < until; output++) {
    const center = (output + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const count = Math.min(Math.trunc(center + support + 0.5), inputSize) - start;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      exact[tap] = filter.weight((start + tap - center + 0.5) * (1 / stretch));
      sum += exact[tap]!;
    }
    for (let tap = 0; tap < count; tap++)
      values[(output - from) * stride + tap] = fixedPoint(sum === 0 ? exact[tap]! : exact[tap]! / sum);
    starts[output - from] = start;
    counts[output - from] = count;
  }
  return { starts, counts, values, stride };
}

/** Rounded half away from zero. */
const fixedPoint = (value: number): number =>
  Math.trunc(value * (1 << weightBits) + (value < 0 ? -0.5 : 0.5));
