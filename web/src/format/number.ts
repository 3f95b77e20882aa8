const grouped = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const whole = new Intl.NumberFormat("en");
const share = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** Four significant digits: `0.7612`, `2e-5`, `1.234e+9`; whole numbers in full: `8,530`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return whole.format(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(3).replace(/\.?0+e/, "e");
  return grouped.format(value);
}

/** A share of 1 as `97.31 %`. */
export function formatShare(value: number): string {
  return Number.isFinite(value) ? `${share.format(value * 100)} %` : formatNumber(value);
}
