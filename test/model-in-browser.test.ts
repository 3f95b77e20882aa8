/** Exported models in a real browser, with ONNX Runtime's WebAssembly build. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { havnJson } from "../src/cli/testing/havn-process.ts";
import { tinyModel } from "../src/tasks/testing/tiny-model.ts";
import { int64, openInference } from "../src/tensor/index.ts";
import { openStore } from "../src/tracking/index.ts";
import { findChromium } from "./chromium.ts";

const executablePath = findChromium("the tests of models in a browser");
const runtime = fileURLToPath(new URL("../node_modules/onnxruntime-web/dist/", import.meta.url));
if (!existsSync(runtime)) console.warn("SKIPPED: models in a browser need the package onnxruntime-web");

const types: Readonly<Record<string, string>> = {
  ...{
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
  },
};

/** Serves the files of folders under their names, and an empty page. */
async function serve(folders: Readonly<Record<string, string>>): Promise<Server> {
  const server = createServer(async (request, response) => {
    const [, name = "", ...path] = (request.url ?? "").split("/");
    response.setHeader(
      "content-type",
      types[extname(path.join("/")) || ".html"] ?? "application/octet-stream",
    );
    if (name === "") return void response.end("<!doctype html>");
    const bytes = folders[name] && (await readFile(join(folders[name], ...path)).catch(() => undefined));
    if (!bytes) response.statusCode = 404;
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const rows = 2;
const ids = [2, 10, 20, 30, 3, 2, 40, 3, 0, 0];
const mask = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0];

/** Runs in the page: nothing from outside is known there. */
async function logitsOf({
  model,
  ids,
  mask,
  rows,
}: {
  model: string;
  ids: number[];
  mask: number[];
  rows: number;
}) {
  const { ort } = globalThis as unknown as { ort: typeof import("onnxruntime-web") };
  ort.env.wasm.wasmPaths = "/runtime/";
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(model);
  const tensor = (values: number[]) =>
    new ort.Tensor("int64", BigInt64Array.from(values, BigInt), [rows, values.length / rows]);
  const { logits } = await session.run({ input_ids: tensor(ids), attention_mask: tensor(mask) });
  return [...(logits!.data as Float32Array)];
}

describe.skipIf(!executablePath || !existsSync(runtime))("an exported model in Chromium", () => {
  let folder: string;
  let server: Server;
  let browser: Browser;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "havn-browser-"));
    const store = await openStore({ home: folder });
    await tinyModel(folder, store);
    await store.close();
    server = await serve({ runtime, models: folder });
    browser = await chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  // Kernels add in another order; in int8 that may round an activation to the neighbouring step.
  test.each([
    ["float32", 1e-5],
    ["float16", 1e-5],
    ["int8", 1e-2],
  ])("in %s gives the numbers that it gives here", async (precision, tolerance) => {
    const to = join(folder, precision);
    const place = ["--to", to, "--precision", precision, "--home", folder];
    await havnJson(["models", "export", "movie-reviews", "1", ...place]);
    const session = await openInference(join(to, "model.onnx"));
    const shape = [rows, ids.length / rows];
    const { logits } = await session.run({
      input_ids: int64(shape, ids),
      attention_mask: int64(shape, mask),
    });
    await session.close();

    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.addScriptTag({ url: "/runtime/ort.wasm.min.js" });
    const found = await page.evaluate(logitsOf, {
      model: `/models/${precision}/model.onnx`,
      ids,
      mask,
      rows,
    });
    await page.close();
    const here = [...(logits!.data as Float32Array)];
    expect(found).toHaveLength(here.length);
    expect(Math.max(...found.map((value, i) => Math.abs(value - here[i]!)))).toBeLessThan(tolerance);
  });
});
