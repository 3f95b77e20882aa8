/** Where the browser of the tests is. */
import { existsSync } from "node:fs";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of a Chromium on this machine, or of the one that CHROMIUM names; where there is none, that is said aloud. */
export function findChromium(tests: string): string | undefined {
  const path = process.env.CHROMIUM ?? places.find((place) => existsSync(place));
  if (!path) console.warn(`SKIPPED: ${tests} need Chromium; CHROMIUM may name its path`);
  return path;
}
