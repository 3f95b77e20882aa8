/** The pages in a real browser, over a real server and a model of forty rows. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type HavnProcess, havnJson, startHavn } from "../src/cli/testing/havn-process.ts";
import { tinyReviews } from "../src/tasks/testing/tiny-reviews.ts";
import { findChromium } from "./chromium.ts";

const executablePath = findChromium("the tests of the pages");
const pagesAreBuilt = existsSync(new URL("../web/dist/index.html", import.meta.url));
if (!pagesAreBuilt) console.warn("SKIPPED: the tests of the pages need npm run build:web");

describe.skipIf(!executablePath || !pagesAreBuilt)("the pages", () => {
  let folder: string;
  let server: HavnProcess;
  let url: string;
  let browser: Browser;
  let page: Page;
  let troubles: string[];
  let runId: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "havn-pages-"));
    const home = join(folder, "home");
    const overrides = await tinyReviews(folder);
    ({ runId } = await havnJson<{ runId: string }>(["run", "movie-reviews", ...overrides, "--home", home]));
    server = startHavn(["up", "--port", "0", "--no-train", "--home", home, "--json"]);
    [, url] = (await server.says(/"url":"([^"]+)"/)) as unknown as [string, string];
    browser = await chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop("SIGTERM");
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    troubles = [];
    page = await browser.newPage();
    page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
    page.on("pageerror", (error) => troubles.push(String(error)));
    page.on("request", (request) => {
      if (!request.url().startsWith(url)) troubles.push(`asks ${request.url()}`);
    });
  });
  afterEach(async () => {
    await page.close();
    expect(troubles).toEqual([]);
  });

  const open = async (path: string) => {
    await page.goto(`${url}/${path}`);
    return page;
  };

  test("a sentence gets an answer with the share of each label", async () => {
    await open("#/");
    await page.getByRole("textbox").fill("A warm and funny film with a heart.");
    await page.keyboard.press("Enter");
    await page.getByText(/The model says/).waitFor();
    const shares = await page.getByText(/^\d+(\.\d+)? %$/).allTextContents();
    expect(shares).toHaveLength(2);
    expect(shares.reduce((sum, text) => sum + Number.parseFloat(text), 0)).toBeCloseTo(100, 0);
  });

  test("what is typed stays text", async () => {
    await open("#/");
    await page.getByRole("textbox").fill("<img src=x onerror=document.title='hacked'><b>bold</b>");
    await page.keyboard.press("Enter");
    await page.getByText(/The model says/).waitFor();
    expect(await page.title()).not.toContain("hacked");
    expect(await page.locator("img[src=x]").count()).toBe(0);
  });

  test("a run shows its curves, its configuration and what it got wrong", async () => {
    await open("#/runs");
    await page.getByRole("link", { name: /^run-/ }).click();
    await page.waitForURL(new RegExp(runId));
    await page.locator("canvas").first().waitFor();
    await page.getByText("optimizer.learning_rate").first().waitFor();
    await page
      .getByText(/misclassified/i)
      .first()
      .waitFor();
  });

  test("the registered version has the alias that is served", async () => {
    await open("#/models/movie-reviews");
    await page.getByText("version 1").waitFor();
    await page.getByText("inference", { exact: true }).waitFor();
  });

  test("the API page asks the service below its prefix", async () => {
    await open("projects/movie-reviews/docs");
    await page.getByRole("button", { name: /speaks well of the film/ }).click();
    await page.getByRole("button", { name: "Execute" }).click();
    await page.getByText('"sentiment"').last().waitFor();
  });
});
