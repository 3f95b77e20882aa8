/** Whatever 20,000 requests send: no answer says that the service failed, and its memory does not grow. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { z } from "zod";
import { type Random, seededRandom } from "../data/index.ts";
import { noPredictionLog } from "./prediction-log.ts";
import type { ServiceRoute, UploadedFile } from "./servable.ts";
import { service } from "./service.ts";
import type { Review, Sentiment } from "./testing/film-servable.ts";
import { filmOptions, filmTensors, openFilmModel } from "./testing/film-service.ts";

const upload: ServiceRoute<Review, Sentiment, { file: UploadedFile; note?: string | undefined }> = {
  method: "POST",
  reads: "form",
  path: "/classify",
  summary: "A review in a file",
  request: z.strictObject({
    file: z.custom<UploadedFile>((value) => typeof value === "object" && value !== null),
    note: z.string().optional(),
  }),
  response: z.object({ label: z.string() }),
  example: { file: { name: "review.txt", mediaType: "text/plain", bytes: new Uint8Array() } },
  toInput: ({ file }) => ({ text: new TextDecoder().decode(file.bytes) }),
  toReply: ({ label }) => ({ label }),
  streams: ({ note }) => note === "stream",
};

/** Random requests: right ones with something wrong in them, and nonsense. */
class Requests {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed, "requests");
  }

  next(): [path: string, RequestInit] {
    const body = this.#body();
    const headers: Record<string, string> = {};
    const type = this.#pick([
      "application/json",
      "application/json",
      "multipart/form-data; boundary=b",
      "text/plain",
      "",
    ]);
    if (type) headers["content-type"] = type;
    if (this.#oneIn(20)) headers["content-encoding"] = this.#pick(["gzip", "identity", "x"]);
    if (this.#oneIn(20)) headers["content-length"] = this.#pick(["0", "5", "99999999999", "-1", "NaN"]);
    if (this.#oneIn(20)) headers["inference-header-content-length"] = this.#pick(["0", "60", "-1", "x"]);
    if (this.#oneIn(20)) headers["x-request-id"] = this.#pick(["a", "{}", "x".repeat(300)]);
    const method = this.#pick(["POST", "POST", "POST", "GET", "PUT", "HEAD", "OPTIONS"]);
    const sent = method === "GET" || method === "HEAD" ? {} : { body };
    return [this.#path(), { method, headers, ...sent }];
  }

  #path(): string {
    const known = ["/inference", "/classify", "/predictions", "/v2/models/movie-reviews/infer"];
    if (!this.#oneIn(4)) return this.#pick(known);
    const others = [
      "/health",
      "/metrics",
      "/docs",
      "/v2",
      "/v2/models/x/infer",
      "/monitoring",
      "/openapi.json",
    ];
    return this.#pick([
      ...others,
      "/",
      "/%",
      "/%00",
      "//",
      "/..",
      `/${"x".repeat(500)}`,
      "/inference?a=%ff&a=1",
    ]);
  }

  #body(): string | Uint8Array<ArrayBuffer> {
    const kind = this.#below(5);
    if (kind === 0) return new Uint8Array(Array.from({ length: this.#below(400) }, () => this.#below(256)));
    if (kind === 1) return this.#damaged(JSON.stringify({ statement: this.#text() }));
    if (kind === 2) return this.#damaged(this.#form());
    if (kind === 3) return this.#damaged(JSON.stringify({ id: "1", inputs: [this.#tensor()] }));
    return JSON.stringify(this.#value(4));
  }

  #form(): string {
    const part = (head: string, content: string) =>
      `--b\r\ncontent-disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
    const file = part('name="file"; filename="x"', this.#text());
    return `${file}${this.#oneIn(3) ? part('name="note"', this.#pick(["stream", "x"])) : ""}--b--\r\n`;
  }

  #tensor() {
    const texts = { name: "statement", datatype: "BYTES", shape: [1], data: [this.#text()] };
    const numbers = { name: "words", datatype: "FP32", shape: [1, 2], data: [1, 2] };
    const bytes = { ...texts, data: undefined, parameters: { binary_data_size: this.#below(9) } };
    const tensor: Record<string, unknown> = this.#pick([texts, numbers, bytes]);
    return this.#oneIn(2) ? { ...tensor, [this.#pick(Object.keys(tensor))]: this.#value(2) } : tensor;
  }

  #text(): string {
    return this.#pick([
      "good",
      "so dull a film",
      "unreadable",
      "",
      "\ud83d",
      "\0",
      "x".repeat(20_000),
      "æ".repeat(50),
    ]);
  }

  #value(depth: number): unknown {
    const kind = depth === 0 ? this.#below(5) : this.#below(8);
    if (kind === 0) return this.#pick([0, -1, 1e308, 2 ** 53, 0.1]);
    if (kind === 1) return null;
    if (kind === 2) return this.#oneIn(2);
    if (kind < 5) return this.#text();
    const parts = Array.from({ length: this.#below(4) }, () => this.#value(depth - 1));
    if (kind === 5) return parts;
    const keys = ["statement", "inputs", "outputs", "__proto__", "constructor", "name"];
    return Object.fromEntries(parts.map((part) => [this.#pick(keys), part]));
  }

  /** Often whole; otherwise cut short, or with a few characters in another place. */
  #damaged(text: string): string {
    const at = this.#below(text.length + 1);
    if (this.#oneIn(4)) return text.slice(0, at);
    return this.#oneIn(4)
      ? text.slice(0, at) + this.#pick(['"', "}", "\r\n", "--b", "\\u"]) + text.slice(at)
      : text;
  }

  #below(most: number): number {
    return Math.floor(this.#random.next() * most);
  }
  #oneIn(n: number): boolean {
    return this.#below(n) === 0;
  }
  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)]!;
  }
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

test("20,000 requests of all kinds find no failure and no growth", { timeout: 180_000 }, async () => {
  const model = await openFilmModel({ tensors: filmTensors, limits: { workers: 1, maxQueuedMs: 1e6 } });
  const options = { ...filmOptions(model), predictions: noPredictionLog() };
  const apps = [service(options), service({ ...options, route: upload })].map(({ app }) => app);
  const requests = new Requests(2026);
  const statuses = new Map<number, number>();
  const send = async (app: (typeof apps)[number]) => {
    const [path, init] = requests.next();
    const reply = await app.request(path, init);
    const text = await reply.text();
    statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
    if (reply.status >= 500) throw new Error(`${init.method} ${path} ${init.body}: ${reply.status} ${text}`);
    if (reply.status >= 400 && init.method !== "HEAD") expect(JSON.parse(text)).toHaveProperty("error");
  };
  const memory: number[] = [];
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 5000; i += 20)
      await Promise.all(Array.from({ length: 20 }, (_, j) => send(apps[j % 2]!)));
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    memory.push((heapUsed + external) / 2 ** 20);
  }
  // Each kind was there, so that the test tests something.
  for (const status of [200, 400, 404, 405, 413, 415, 422])
    expect(statuses.get(status), `${status}`).toBeGreaterThan(9);
  // After 10,000 requests everything is compiled and cached; 10,000 more leave nothing behind.
  expect(memory[3]! - memory[1]!, memory.join(", ")).toBeLessThan(5);
  await model.queue.close();
});
