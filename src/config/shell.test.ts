import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { shellQuote } from "./shell.ts";

test("plain words stay as they are", () => {
  expect(["epochs=3", "+db@backup=mysql", "epochs=1,3"].map(shellQuote)).toEqual([
    "epochs=3",
    "+db@backup=mysql",
    "epochs=1,3",
  ]);
  expect(shellQuote("epochs=[1,3]")).toBe("'epochs=[1,3]'");
});

test.skipIf(process.platform === "win32")("a shell hands every word on as it was", () => {
  const word = fc.string({
    unit: fc.constantFrom("a", " ", "'", '"', "\\", "$", "`", "!", "~", "*", "#", "[", "é"),
    minLength: 1,
  });
  const words = [...fc.sample(word, { numRuns: 300, seed: 1 }), "~a", "$HOME", "it's $HOME"];
  const { stdout } = spawnSync("sh", ["-c", `printf '%s\\n' ${words.map(shellQuote).join(" ")}`], {
    encoding: "utf8",
  });
  expect(stdout.trimEnd().split("\n")).toEqual(words.join("\n").trimEnd().split("\n"));
});
