/**
 * Does together what is asked for while it is busy, or in the same turn of the event loop. An answer comes only when the
 * work that it was part of is done: of a transaction, when it is committed.
 *
 * @param work tells for each item whether it was done (`undefined`) or why not; when it throws, none was
 */
export function together<Item>(
  work: (items: readonly Item[]) => Promise<readonly (Error | undefined)[]>,
): (item: Item) => Promise<void> {
  let waiting: { item: Item; done: (error?: unknown) => void }[] = [];
  let isBusy = false;

  async function serve(): Promise<void> {
    while (waiting.length > 0) {
      const taken = waiting;
      waiting = [];
      try {
        const errors = await work(taken.map(({ item }) => item));
        for (const [i, { done }] of taken.entries()) done(errors[i]);
      } catch (error) {
        for (const { done } of taken) done(error);
      }
    }
    isBusy = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, done: (error) => (error === undefined ? resolve() : reject(error)) });
      if (isBusy) return;
      isBusy = true;
      // After all that has arrived at once: requests of other connections too.
      setImmediate(serve);
    });
}
