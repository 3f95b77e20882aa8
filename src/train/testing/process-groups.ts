import type { ProcessGroup } from "../../tensor/index.ts";

/** Several processes in one: each member waits for the others as the processes of mpirun do, and ends with them. */
export function processGroups(size: number): ProcessGroup[] {
  let meeting = newMeeting();
  const gather = (rank: number, value: unknown): Promise<unknown[]> => {
    const { promise, resolve, values } = meeting;
    values.set(rank, structuredClone(value));
    if (values.size === size) {
      meeting = newMeeting();
      resolve(Array.from({ length: size }, (_, rank) => values.get(rank)));
    }
    return promise;
  };
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    gather: <T>(value: T) => gather(rank, value) as Promise<T[]>,
    async close() {},
    async abandon() {
      meeting.reject(new Error(`process ${rank} has left`));
    },
  }));
}

/** Where all processes meet once. */
function newMeeting() {
  const meeting = { ...Promise.withResolvers<unknown[]>(), values: new Map<number, unknown>() };
  // When a process leaves, there may be nobody who waits for it.
  meeting.promise.catch(() => {});
  return meeting;
}
