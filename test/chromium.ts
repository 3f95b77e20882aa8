/** The browser of the tests, and Havn's pages in it. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "vitest";
import { type HavnProcess, havnJson, startHavn } from "../src/cli/testing/havn-process.ts";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of a Chromium on this machine, or of the one that CHROMIUM names; where there is none, that is said aloud. */
export function findChromium(tests: string): string | undefined {
  const path = process.env.CHROMIUM ?? places.find((place) => existsSync(place));
  if (!path) console.warn(`SKIPPED: ${tests} need Chromium; CHROMIUM may name its path`);
  return path;
}

/** The same, once the pages are built; where they are not, that is said aloud. */
export function findBrowserOfPages(tests: string): string | undefined {
  const isBuilt = existsSync(new URL("../web/dist/index.html", import.meta.url));
  if (!isBuilt) console.warn(`SKIPPED: ${tests} need npm run build:web`);
  return isBuilt ? findChromium(tests) : undefined;
}

/** What a test of the pages works on; there while it runs. */
export interface PagesUnderTest {
  readonly url: string;
  /** A fresh one for each test. */
  readonly page: Page;
  /** The run that was trained first. */
  readonly runId: string;
  /** Shows a page by its address behind the server's. */
  open(path: string): Promise<Page>;
  /** Errors in the console, exceptions, requests to elsewhere. What a test does not take away fails it. */
  takeTroubles(): string[];
}

/**
 * Tests of the pages over a real server with one trained model; skipped, aloud, where there is no browser.
 *
 * @param training arguments of `havn run`, once there is a folder for what it reads
 */
export function describePages(
  name: string,
  training: (folder: string) => Promise<readonly string[]>,
  tests: (pages: PagesUnderTest) => void,
): void {
  const executablePath = findBrowserOfPages(`the tests of ${name}`);
  describe.skipIf(!executablePath)(name, () => {
    let folder: string;
    let server: HavnProcess;
    let browser: Browser;
    let troubles: string[] = [];
    const pages = { url: "", runId: "" } as { -readonly [key in keyof PagesUnderTest]: PagesUnderTest[key] };
    pages.open = async (path) => {
      await pages.page.goto(`${pages.url}/${path}`);
      return pages.page;
    };
    pages.takeTroubles = () => troubles.splice(0);

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "havn-pages-"));
      const home = join(folder, "home");
      const args = ["run", ...(await training(folder)), "--home", home];
      ({ runId: pages.runId } = await havnJson<{ runId: string }>(args));
      server = startHavn(["up", "--port", "0", "--no-train", "--home", home, "--json"]);
      pages.url = (await server.says(/"url":"([^"]+)"/))[1]!;
      browser = await chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox"] });
    }, 240_000);
    afterAll(async () => {
      await browser?.close();
      await server?.stop("SIGTERM");
      await rm(folder, { recursive: true, force: true });
    });

    beforeEach(async () => {
      troubles = [];
      pages.page = await browser.newPage();
      pages.page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
      pages.page.on("pageerror", (error) => troubles.push(String(error)));
      pages.page.on("request", (request) => {
        if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(pages.url))
          troubles.push(`asks ${request.url()}`);
      });
    });
    afterEach(async () => {
      await pages.page.close();
      expect(troubles).toEqual([]);
    });

    tests(pages);
  });
}
