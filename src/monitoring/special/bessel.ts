/**
 * e^x K_ν(x) for x > 0: the modified Bessel function of the second kind, scaled. The integral
 * ∫ exp(-x (cosh t - 1)) cosh(ν t) dt from 0 (DLMF 10.32.9) decays so fast that the trapezoidal rule has all digits
 * (Trefethen & Weideman 2014, section 5).
 */
export function scaledBesselK(order: number, x: number): number {
  const step = 1 / 16;
  let sum = 0.5;
  for (let t = step; ; t += step) {
    const term = Math.exp(-x * (Math.cosh(t) - 1)) * Math.cosh(order * t);
    sum += term;
    if (term < sum * 1e-17) return sum * step;
  }
}
