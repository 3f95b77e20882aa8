import { ServingError } from "./serving-error.ts";

/** A body of this size is always taken: a connection has about as much in its own buffers. */
const smallBytes = 2 ** 16;

/** What one request holds of the room. */
export interface BodyShare {
  /** The body has got so many bytes longer. @throws {ServingError} `overloaded` when there is no room for them */
  grow(bytes: number): void;
  /** The request was answered; from now on nothing of it is taken. */
  release(): void;
}

/**
 * Memory for what clients send: bodies that are being read and those that wait for the model share it. Without it a
 * thousand clients that each send ten megabytes at once would take ten gigabytes, long before a queue is full.
 */
export class BodyRoom {
  readonly #limitBytes: number;
  #usedBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  share(): BodyShare {
    let [size, isReleased] = [0, false];
    return {
      grow: (bytes) => {
        if (isReleased) throw new Error("the request was answered before its body ended");
        const isFull = this.#usedBytes + bytes > this.#limitBytes;
        if (isFull && size + bytes > smallBytes) throw overloaded();
        size += bytes;
        this.#usedBytes += bytes;
      },
      release: () => {
        isReleased = true;
        this.#usedBytes -= size;
        size = 0;
      },
    };
  }
}

const overloaded = (): ServingError =>
  new ServingError("overloaded", "too many large requests are on their way; ask again in 1 s", {
    retryAfterSeconds: 1,
  });
