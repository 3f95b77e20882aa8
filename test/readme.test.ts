/** What README and the documents tell people to type and to open is there. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { havn } from "../src/cli/testing/havn-process.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const documents = globSync(["*.md", "docs/**/*.md", "projects/*/README.md"], { cwd: root }).map((path) =>
  path.split(sep).join("/"),
);
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const inEach = documents.map((path) => [path] as const);

/** The commands of the blocks that a shell is to run, one a line, without comments. */
function commandsOf(path: string): string[] {
  const blocks = [...read(path).matchAll(/^```(?:sh|bash|shell|console)\n([\s\S]*?)^```/gm)].map(
    ([, block]) => block!,
  );
  return blocks.flatMap((block) =>
    block
      .replaceAll(/\\\n\s*/g, "")
      .split(/\n|&&/)
      .map((line) =>
        line
          .replace(/^\$ /, "")
          .replace(/(^|\s)#.*$/, "")
          .trim(),
      )
      .filter(Boolean),
  );
}

/** Words as a POSIX shell splits them, as far as documents need it. */
const wordsOf = (command: string): string[] =>
  [...command.matchAll(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g)].map(([word]) => word.replaceAll(/['"]/g, ""));

test("there are documents to check", () => {
  expect(documents).toContain("README.md");
  expect(
    documents.flatMap(commandsOf).filter((command) => command.startsWith("npx havn")).length,
  ).toBeGreaterThan(3);
});

describe("commands", () => {
  /** What `havn --help` and the help of each command say. */
  const help = new Map<string, string>();
  beforeAll(async () => {
    const { stdout } = await havn(["--help"]);
    help.set("", stdout);
    const names = new Set(
      documents
        .flatMap(commandsOf)
        .flatMap(
          (command) =>
            /^npx havn (\w+(?: (?:list|show|link|promote|quantize|export))?)/.exec(command)?.[1] ?? [],
        ),
    );
    await Promise.all(
      [...names].map(async (name) => help.set(name, (await havn([...name.split(" "), "--help"])).stdout)),
    );
  });

  test.each(inEach)("%s: havn knows them, with their options", (path) => {
    for (const command of commandsOf(path).filter((line) => line.startsWith("npx havn "))) {
      const [, , name = "", second = "", ...rest] = wordsOf(command);
      const words = [second, ...rest];
      const usage = help.get(`${name} ${second}`) ?? help.get(name) ?? "";
      expect(usage, command).toContain(`Usage: havn ${name}`);
      expect(help.get(""), command).toMatch(new RegExp(`^  ${name} `, "m"));
      for (const option of words.filter((word) => word.startsWith("--")))
        expect(usage, command).toMatch(new RegExp(`${option.replace(/=.*/, "")}[ ,\\n]`));
      // ./NAME is a project that the reader has just made.
      if (["run", "train", "evaluate", "serve"].includes(name) && !second.startsWith("./"))
        expect(existsSync(join(root, "projects", second, "project.ts")), command).toBe(true);
    }
  });

  test.each(inEach)("%s: npm knows them", (path) => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const known = [
      "ci",
      "install",
      "i",
      ...Object.keys(scripts).filter((name) => ["start", "test"].includes(name)),
    ];
    for (const command of commandsOf(path).filter((line) => line.startsWith("npm "))) {
      const [, verb = "", name = ""] = wordsOf(command);
      if (verb === "run") expect(Object.keys(scripts), command).toContain(name);
      else expect(known, command).toContain(verb);
    }
  });

  test.each(inEach)("%s: overrides fit the configuration of their project", async (path) => {
    const trainings = commandsOf(path).filter((line) => /^npx havn (run|train) \S+ .*=/.test(line));
    await Promise.all(
      trainings.map(async (command) => {
        const words = wordsOf(command)
          .slice(2)
          .filter((word) => word !== "--multirun");
        // A sweep's first value stands for all of them.
        const single = words.map((word) => word.replace(/^([\w.]+=[^,[\]{}()]+),.*$/, "$1"));
        expect(await havn([...single, "--cfg"]), command).toMatchObject({ code: 0 });
      }),
    );
  });
});

describe("links", () => {
  const links = (path: string) =>
    [
      ...read(path)
        .replaceAll(/^```[\s\S]*?^```/gm, "")
        .matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"|href="([^"]+)"/g),
    ]
      .map(([, ...targets]) => targets.find((target) => target !== undefined)!)
      .filter((target) => !/^(https?:|mailto:)/.test(target));

  test.each(inEach)("%s: what it links to is there", (path) => {
    const broken = links(path).filter((target) => {
      const [file = "", anchor] = target.split("#");
      const linked = file === "" ? path : join(dirname(path), file);
      if (!existsSync(join(root, linked))) return true;
      return anchor !== undefined && linked.endsWith(".md") && !anchorsOf(read(linked)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test.each(inEach)("%s: the folders and files that it names in code are there", (path) => {
    const named = [...read(path).matchAll(/`((?:src|web|test|bench|docs|projects|bin)\/[\w./-]*)`/g)].map(
      ([, name]) => name!,
    );
    const places = [root, join(root, dirname(path))];
    expect(named.filter((name) => !places.some((place) => existsSync(join(place, name))))).toEqual([]);
  });
});

/** GitHub's anchors of headings. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
