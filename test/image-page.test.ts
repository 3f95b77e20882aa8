/** The page that takes a picture, in a real browser over a real server: on some of the sample of playing cards. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type HavnProcess, havnJson, startHavn } from "../src/cli/testing/havn-process.ts";
import { findChromium } from "./chromium.ts";

const executablePath = findChromium("the test of the page for pictures");
const pagesAreBuilt = existsSync(new URL("../web/dist/index.html", import.meta.url));
if (!pagesAreBuilt) console.warn("SKIPPED: the test of the page for pictures needs npm run build:web");

const cards = fileURLToPath(new URL("../projects/playing-cards/data/", import.meta.url));
const queen = join(cards, "test/queen of hearts/1.jpg");

/** Few enough to be looked at in seconds, many enough to train on. */
const someImages = ["data.limit=26", "training.epochs=2", "training.workers=0"];

/** What is dragged, made in the browser. */
const drawnPicture = `(async () => {
  const canvas = document.createElement("canvas");
  const blob = await new Promise((resolve) => canvas.toBlob(resolve));
  const transfer = new DataTransfer();
  transfer.items.add(new File([blob], "drawn.png", { type: "image/png" }));
  return transfer;
})()`;

describe.skipIf(!executablePath || !pagesAreBuilt)("the page of playing cards", () => {
  let folder: string;
  let server: HavnProcess;
  let url: string;
  let runId: string;
  let browser: Browser;
  let page: Page;
  let troubles: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "havn-image-page-"));
    const home = join(folder, "home");
    ({ runId } = await havnJson<{ runId: string }>(["run", "playing-cards", ...someImages, "--home", home]));
    server = startHavn(["up", "--port", "0", "--no-train", "--home", home, "--json"]);
    [, url] = (await server.says(/"url":"([^"]+)"/)) as unknown as [string, string];
    browser = await chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox"] });
  }, 240_000);
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
    await page.goto(`${url}/#/projects/playing-cards`);
  });
  afterEach(() => page.close());

  const shares = () => page.getByText(/^\d+(\.\d+)? %$/).allTextContents();

  test("a picture is shown beside its rank and its suit, with the share of each", async () => {
    await page.getByLabel("A photo of one card").setInputFiles(queen);
    await page.getByText("The model says").waitFor();
    expect(await page.getByRole("img", { name: "1.jpg" }).isVisible()).toBe(true);
    expect(await page.getByRole("region", { name: "rank" }).getByRole("term").count()).toBe(13);
    expect(await page.getByRole("region", { name: "suit" }).getByRole("term").count()).toBe(4);
    const sum = (await shares()).reduce((sum, text) => sum + Number.parseFloat(text), 0);
    expect(sum).toBeGreaterThan(195);
    expect(sum).toBeLessThan(205);
    expect(troubles).toEqual([]);
  });

  test("a picture is asked about when it is dropped", async () => {
    const dataTransfer = await page.evaluateHandle(drawnPicture);
    await page.getByText("Choose a picture").dispatchEvent("drop", { dataTransfer });
    await page.getByText("The model says").waitFor();
    await page.getByText(/drawn\.png/).waitFor();
    expect(troubles).toEqual([]);
  });

  test("what is no picture is answered with what one is", async () => {
    await page
      .getByLabel("A photo of one card")
      .setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("queen of hearts") });
    await page.getByText(/notes\.txt: expected an image as JPEG, PNG, WebP/).waitFor();
  });

  test("the run has a confusion matrix for each question", async () => {
    await page.goto(`${url}/#/runs/${runId}`);
    await page.getByRole("heading", { name: "Confusion matrix of rank" }).waitFor();
    await page.getByRole("heading", { name: "Confusion matrix of suit" }).waitFor();
    await page.getByRole("columnheader", { name: "predicted_suit" }).waitFor();
  });
});
