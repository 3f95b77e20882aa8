/** How many of the last requests tell it: enough to be calm, few enough to follow a machine that gets busy. */
const remembered = 100;

/** How fast a queue is worked off, as the last requests tell. */
export class Pace {
  #msPerRequest = 0;
  #requests = 0;

  /** What a request costs while all workers work; 0 while nobody knows. */
  get msPerRequest(): number {
    return this.#msPerRequest;
  }

  /** So many requests took `ms` together. */
  measured(requests: number, ms: number): void {
    const before = Math.max(0, Math.min(this.#requests, remembered - requests));
    this.#requests = before + requests;
    this.#msPerRequest = (before * this.#msPerRequest + ms) / this.#requests;
  }
}
