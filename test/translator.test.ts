/** The translator from its sample to words on a page: trained for a moment, judged, served, streamed. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type HavnProcess, havnJson, startHavn } from "../src/cli/testing/havn-process.ts";
import { findBrowserOfPages } from "./chromium.ts";

const executablePath = findBrowserOfPages("the test of the translator's page");

/** A model of one layer and width 16, and forty pairs: no one will understand it, but it writes. */
const tiny = [
  ...["d_model=16", "d_kv=8", "num_heads=2", "d_ff=32", "num_layers=1", "num_decoder_layers=1"].map(
    (value) => `model.architecture.${value}`,
  ),
  ...["data.limit=40", "training.epochs=1", "training.batch_size=8", "generation.max_length=6"],
];

describe("the translator", () => {
  let home: string;
  let runId: string;
  let server: HavnProcess;
  let url: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "havn-translator-"));
    ({ runId } = await havnJson<{ runId: string }>(["run", "translator", ...tiny, "--home", home]));
    server = startHavn(["up", "--port", "0", "--no-train", "--home", home, "--json"]);
    [, url] = (await server.says(/"url":"([^"]+)"/)) as unknown as [string, string];
  }, 120_000);
  afterAll(async () => {
    await server?.stop("SIGKILL");
    await rm(home, { recursive: true, force: true });
  });

  const ask = (query: Record<string, string>) =>
    fetch(`${url}/projects/translator/?${new URLSearchParams(query)}`, { method: "POST" });

  test("leaves its two programs, its settings of generation, its judgement and its tokenised rows", async () => {
    const artifacts = join(home, "artifacts", runId);
    expect(await readdir(join(artifacts, "model"))).toEqual(
      expect.arrayContaining(["decoder.onnx", "encoder.onnx", "generation_config.json", "model.safetensors"]),
    );
    const report = await readFile(join(artifacts, "evaluation/report.txt"), "utf8");
    expect(report).toMatch(
      /^BLEU\|nrefs:1\|case:mixed\|eff:no\|tok:13a\|smooth:exp\|version:[\d.]+ = [\d.]+ /,
    );
    expect(report).toMatch(
      /^chrF2\|nrefs:1\|case:mixed\|eff:yes\|nc:6\|nw:0\|space:no\|version:[\d.]+ = [\d.]+$/m,
    );
    expect(await readdir(join(home, "cache"), { recursive: true })).toContainEqual(
      expect.stringMatching(/\.bin$/),
    );
  });

  test("answers with a translation, whole or in parts, the same", async () => {
    const input = "Hvad hedder du?";
    const whole = await (await ask({ input })).json();
    expect(whole).toEqual({ translation: expect.any(String), truncated: expect.any(Boolean) });
    const streamed = await ask({ input, stream: "true" });
    expect(streamed.headers.get("content-type")).toContain("text/event-stream");
    const events = (await streamed.text()).trim().split("\n\n");
    expect(events.at(-1)).toBe(`event: answer\ndata: ${JSON.stringify(whole)}`);
  });

  test("says that it has read the beginning of a long text only, and what a question must be", async () => {
    const long = await ask({ input: "Hvad hedder du? ".repeat(100) });
    expect(await long.json()).toMatchObject({ truncated: true });
    for (const wrong of [
      {},
      { input: " " },
      { input: "a".repeat(10_001) },
      { input: "hej", stream: "perhaps" },
    ])
      expect((await ask(wrong as Record<string, string>)).status).toBe(422);
  });

  test.skipIf(!executablePath)("writes its answer on the page", async () => {
    const browser = await chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage();
      const troubles: string[] = [];
      page.on("pageerror", (error) => troubles.push(String(error)));
      const asked = page.waitForRequest((request) => request.url().includes("stream=true"));
      await page.goto(`${url}/#/projects/translator`);
      await page.getByRole("button", { name: "Hvor ligger banegården?" }).click();
      expect((await asked).method()).toBe("POST");
      await page.getByText("The model says").waitFor();
      await page.locator('section[aria-label="Answer"][aria-busy="false"]').waitFor();
      const reply = await ask({ input: "Hvor ligger banegården?" });
      const { truncated } = (await reply.json()) as { truncated: boolean };
      expect(await page.getByText("The translation is incomplete").count()).toBe(truncated ? 1 : 0);
      expect(troubles).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
