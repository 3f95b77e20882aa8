/** Where augmentation takes its randomness from. */
export interface RandomNumbers {
  /** The next number in [0, 1). */
  next(): number;
}

/** A number between the two. */
export const uniform = (random: RandomNumbers, [low, high]: readonly [number, number]): number =>
  low + (high - low) * random.next();

/** An integer from 0 to before `limit`. */
export const below = (random: RandomNumbers, limit: number): number => Math.floor(random.next() * limit);

/** The values in a random order, each order equally likely (Fisher-Yates). */
export function shuffled<Value>(random: RandomNumbers, values: readonly Value[]): Value[] {
  const order = [...values];
  for (let i = order.length - 1; i > 0; i--) {
    const j = below(random, i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
