// Loops over all parameters of a model, four floats at a time (AssemblyScript, compiled to kernels.wasm).
// Pointers are byte offsets into the imported memory, 16-byte aligned; counts are multiples of 4.

/** Sum of squares, kept in double precision: a norm over 10^8 elements would lose digits in single precision. */
export function sumOfSquares(x: usize, count: usize): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const end = x + (count << 2);
  for (; x < end; x += 16) {
    const a = f64x2.promote_low_f32x4(v128.load(x));
    const b = f64x2.promote_low_f32x4(v128.load64_zero(x + 8));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const total = f64x2.add(low, high);
  return f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1);
}

/**
 * One step of Adam (Kingma & Ba 2015, algorithm 1) and AdamW (Loshchilov & Hutter 2019, algorithm 2).
 * gradientScale carries clipping and averaging; l2 is Adam's decay inside the gradient, keep = 1 - rate * decay AdamW's
 * beside it. rate and secondScale already hold the bias corrections. The betas are double, because 1 - 0.999 in single
 * precision is wrong in its fifth digit, and with it every step (by 6e-6 of its size).
 */
export function adam(
  parameter: usize, gradient: usize, first: usize, second: usize, count: usize,
  gradientScale: f32, l2: f32, keep: f32, rate: f32, beta1: f64, beta2: f64, secondScale: f32, epsilon: f32,
): void {
  const end = parameter + (count << 2);
  const vGradientScale = f32x4.splat(gradientScale);
  const vL2 = f32x4.splat(l2);
  const vKeep = f32x4.splat(keep);
  const vRate = f32x4.splat(rate);
  const vRest1 = f32x4.splat(f32(1 - beta1));
  const vBeta2 = f32x4.splat(f32(beta2));
  const vRest2 = f32x4.splat(f32(1 - beta2));
  const vSecondScale = f32x4.splat(secondScale);
  const vEpsilon = f32x4.splat(epsilon);
  for (; parameter < end; parameter += 16, gradient += 16, first += 16, second += 16) {
    const p = v128.load(parameter);
    const g = f32x4.add(f32x4.mul(v128.load(gradient), vGradientScale), f32x4.mul(p, vL2));
    let m = v128.load(first);
    m = f32x4.add(m, f32x4.mul(f32x4.sub(g, m), vRest1));
    const v = f32x4.add(f32x4.mul(v128.load(second), vBeta2), f32x4.mul(f32x4.mul(g, g), vRest2));
    const deviation = f32x4.add(f32x4.mul(f32x4.sqrt(v), vSecondScale), vEpsilon);
    v128.store(first, m);
    v128.store(second, v);
    v128.store(parameter, f32x4.sub(f32x4.mul(p, vKeep), f32x4.div(f32x4.mul(m, vRate), deviation)));
  }
}

/** One step of gradient descent with Nesterov momentum (Sutskever et al. 2013, as PyTorch writes it). */
export function nesterov(
  parameter: usize, gradient: usize, velocity: usize, count: usize,
  gradientScale: f32, l2: f32, rate: f32, momentum: f32,
): void {
  const end = parameter + (count << 2);
  const vGradientScale = f32x4.splat(gradientScale);
  const vL2 = f32x4.splat(l2);
  const vRate = f32x4.splat(rate);
  const vMomentum = f32x4.splat(momentum);
  for (; parameter < end; parameter += 16, gradient += 16, velocity += 16) {
    const p = v128.load(parameter);
    const g = f32x4.add(f32x4.mul(v128.load(gradient), vGradientScale), f32x4.mul(p, vL2));
    const b = f32x4.add(f32x4.mul(v128.load(velocity), vMomentum), g);
    v128.store(velocity, b);
    v128.store(parameter, f32x4.sub(p, f32x4.mul(f32x4.add(g, f32x4.mul(b, vMomentum)), vRate)));
  }
}

/** Wellons' "lowbias32": every bit of the input changes each bit of the result with a chance of about one half. */
// @ts-ignore: decorator
@inline
function mix(x: v128): v128 {
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 16)), i32x4.splat(0x7feb352d));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 15)), i32x4.splat(0x846ca68b));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

/**
 * Dropout factors: 0 where a hash of (key, position) is below `threshold` (rate * 2^32), else `factor`.
 * Both halves of the key are mixed in: with one alone, masks of neighbouring keys would agree in most places.
 */
export function dropoutMask(mask: usize, count: usize, key1: u32, key2: u32, threshold: u32, factor: f32): void {
  const end = mask + (count << 2);
  let position = i32x4.add(i32x4(0, 1, 2, 3), i32x4.splat(key1));
  const vKey2 = i32x4.splat(key2);
  const vThreshold = i32x4.splat(threshold);
  const vFactor = f32x4.splat(factor);
  for (; mask < end; mask += 16) {
    const hash = mix(v128.xor(mix(position), vKey2));
    v128.store(mask, v128.and(i32x4.ge_u(hash, vThreshold), vFactor));
    position = i32x4.add(position, i32x4.splat(4));
  }
}
