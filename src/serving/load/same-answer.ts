/** What makes two answers to the same request the same. */
export interface AnswerCheck {
  /** How far apart two numbers may be: a batch pads and sums in another order than a request alone. */
  readonly tolerance: number;
}

/** Whether two bodies hold the same JSON but for rounding; other bodies must be equal. */
export function sameAnswer(expected: string, got: string, { tolerance }: AnswerCheck): boolean {
  if (expected === got) return true;
  try {
    return isSame(JSON.parse(expected), JSON.parse(got), tolerance);
  } catch {
    return false;
  }
}

function isSame(a: unknown, b: unknown, tolerance: number): boolean {
  if (typeof a === "number" && typeof b === "number") return Math.abs(a - b) <= tolerance;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const keys = Object.keys(a);
  if (Array.isArray(a) !== Array.isArray(b) || keys.length !== Object.keys(b).length) return false;
  return keys.every(
    (key) => Object.hasOwn(b, key) && isSame(Reflect.get(a, key), Reflect.get(b, key), tolerance),
  );
}
