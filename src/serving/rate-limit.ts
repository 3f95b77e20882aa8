import type { Clock } from "./clock.ts";
import { ServingError } from "./serving-error.ts";

/** Clients that are remembered; beyond it those that came first are forgotten. */
const maxClients = 10_000;

/**
 * Lets each client ask so many times a second, and as many at once (a token bucket for each).
 *
 * @returns a check that throws `rate-limited` when a client has used up its share
 */
export function rateLimit(perSecond: number, clock: Clock): (client: string) => void {
  /** When the client's bucket would be full again, on `Clock.elapsed`. */
  const fullAt = new Map<string, number>();
  const msEach = 1000 / perSecond;
  const capacityMs = Math.max(1000, msEach);
  return (client) => {
    const now = clock.elapsed();
    const next = Math.max(now, fullAt.get(client) ?? 0) + msEach;
    if (next - now > capacityMs + 1e-6) {
      const retryAfterSeconds = Math.max(1, Math.ceil((next - now - capacityMs) / 1000));
      throw new ServingError(
        "rate-limited",
        `this service answers ${perSecond} requests a second from each client; ask again in ${retryAfterSeconds} s`,
        { expected: `at most ${perSecond} requests a second`, retryAfterSeconds },
      );
    }
    // Taken out first, so that the map is in the order of the last requests.
    fullAt.delete(client);
    fullAt.set(client, next);
    if (fullAt.size > maxClients) fullAt.delete(fullAt.keys().next().value!);
  };
}
