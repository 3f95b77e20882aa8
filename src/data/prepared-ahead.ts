/**
 * Results of `work` on each item, in the order of the items. Work begins at once and goes on while the caller does
 * something else, but never has more than `ahead()` results under way or waiting to be taken.
 */
export function preparedAhead<Item, Result>(
  items: readonly Item[],
  ahead: () => number,
  work: (item: Item) => Promise<Result>,
): AsyncIterableIterator<Result, undefined> {
  const waiting: Promise<Result>[] = [];
  let begun = 0;
  let isEnded = false;
  const fill = () => {
    while (!isEnded && begun < items.length && waiting.length < ahead()) {
      const result = work(items[begun++]!);
      // Whoever takes the result gets the error; until then it is nobody's.
      result.catch(() => {});
      waiting.push(result);
    }
  };
  fill();
  return {
    async next() {
      const first = waiting.shift();
      fill();
      if (!first) return { done: true, value: undefined };
      return { done: false, value: await first };
    },
    async return() {
      isEnded = true;
      waiting.length = 0;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
