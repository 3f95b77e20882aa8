import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { archiveMembers } from "./image-archive.ts";

let folder: string;
const long = `${"a long name of a folder ".repeat(3)}/${"and of a file in it ".repeat(4)}.jpg`;
const texts: Record<string, string> = {
  "ace of clubs/001.jpg": "the first",
  "empty.jpg": "",
  "two.jpg": "x".repeat(513),
  [long]: "far below",
  [`${"æøå".repeat(40)}.jpg`]: "not ASCII",
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-archive-"));
  for (const [name, text] of Object.entries(texts)) {
    await mkdir(join(folder, "files", name, ".."), { recursive: true });
    await writeFile(join(folder, "files", name), text);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(["ustar", "gnu", "pax"])("a tar file as %s", (format) => {
  const fits = (name: string) => format !== "ustar" || Buffer.byteLength(name) < 150;

  test("each file is found where its bytes are", async () => {
    const file = join(folder, `${format}.tar`);
    const names = Object.keys(texts).filter(fits);
    const files = ["-C", join(folder, "files"), ...names];
    await promisify(execFile)("tar", ["-c", `--format=${format}`, "-f", file, ...files]);
    const members = await archiveMembers(file);
    expect([...members.keys()].sort()).toEqual(names.sort());
    const bytes = await readFile(file);
    for (const [name, { range }] of members)
      expect(bytes.toString("utf8", range.offset, range.offset + range.size)).toBe(texts[name]);
  });
});

test("what is cut short or no tar file is refused", async () => {
  const file = join(folder, "short.tar");
  await promisify(execFile)("tar", ["-c", "-f", file, "-C", join(folder, "files"), "two.jpg"]);
  await truncate(file, 1024);
  await expect(archiveMembers(file)).rejects.toThrow("two.jpg is cut short");
  await writeFile(file, "x".repeat(2000));
  await expect(archiveMembers(file)).rejects.toThrow("is no tar file, or damaged (at byte 0)");
});
