// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are interpolations of a configuration
import { describe, expect, test } from "vitest";
import { compose } from "./compose.ts";
import { writtenFolder } from "./written-folder.ts";

const groups = {
  "db/mysql.yaml": "driver: mysql\nport: 3306\n",
  "db/postgresql.yaml": "driver: postgresql\nport: 5432\n",
  "engine/fast.yaml": "speed: 9\n",
  "engine/slow.yaml": "speed: 1\n",
};
const composed = (config: string, files: Record<string, string> = {}, overrides: string[] = []) =>
  compose(writtenFolder({ ...groups, "config.yaml": config, ...files }), { overrides });
const values = (...given: Parameters<typeof composed>) => composed(...given).values;

// Each of these was composed by Hydra 1.3 to the same result.
describe("a defaults list", () => {
  test("puts the file's own keys last, unless _self_ says where", () => {
    const keys = "db:\n  port: 1\n";
    expect(values(`defaults:\n  - db: mysql\n${keys}`)).toEqual({ db: { driver: "mysql", port: 1 } });
    expect(values(`defaults:\n  - _self_\n  - db: mysql\n${keys}`)).toEqual({
      db: { driver: "mysql", port: 3306 },
    });
  });

  test("may leave a group to be chosen, or insist on it", () => {
    expect(values("defaults:\n  - db: null\n")).toEqual({});
    expect(values("defaults:\n  - db: null\n", {}, ["db=mysql"])).toEqual({
      db: { driver: "mysql", port: 3306 },
    });
    expect(() => values("defaults:\n  - db: ???\n")).toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: config conf/config.yaml:2: db must be chosen: type db=NAME with one of mysql, postgresql]`,
    );
    expect(values("defaults:\n  - db: ???\n", {}, ["db=mysql"])).toEqual({
      db: { driver: "mysql", port: 3306 },
    });
  });

  test("passes over an optional choice that does not exist", () => {
    expect(values("defaults:\n  - optional db: oracle\n  - optional cache: redis\nseed: 1\n")).toEqual({
      seed: 1,
    });
  });

  test("takes several choices of a group, the later over the earlier", () => {
    const { values, choices } = composed("defaults:\n  - db: [mysql, postgresql]\n");
    expect(values).toEqual({ db: { driver: "postgresql", port: 5432 } });
    expect(choices).toEqual({ db: "[mysql,postgresql]" });
  });

  test("stands in files of groups too, relative to them unless it starts with a slash", () => {
    const files = {
      "db/base.yaml": "port: 1\ntimeout: 10\n",
      "db/local.yaml": "defaults:\n  - base\n  - storage: disk\n  - /engine: slow\nport: 2\n",
      "db/storage/disk.yaml": "size: 5\n",
    };
    expect(values("defaults:\n  - db: local\n", files)).toEqual({
      db: { port: 2, timeout: 10, storage: { size: 5 }, engine: { speed: 1 } },
    });
    expect(composed("defaults:\n  - db: local\n", files).choices).toEqual({
      db: "local",
      "db/storage": "disk",
      "engine@db.engine": "slow",
    });
  });

  test("may change a choice that is made elsewhere, but not what the command line chose", () => {
    const files = {
      "experiment/quick.yaml": "# @package _global_\ndefaults:\n  - override /engine: fast\nname: quick\n",
    };
    const config = "defaults:\n  - engine: slow\n  - experiment: null\n";
    expect(values(config, files, ["experiment=quick"])).toEqual({ engine: { speed: 9 }, name: "quick" });
    expect(values(config, files, ["experiment=quick", "engine=slow"])).toEqual({
      engine: { speed: 1 },
      name: "quick",
    });
  });

  test("may name a file by the choices of other groups", () => {
    const files = { "tuning/mysql_fast.yaml": "cache: 1\n" };
    const config = "defaults:\n  - db: mysql\n  - engine: fast\n  - optional tuning: ${db}_${engine}\n";
    expect(values(config, files)).toMatchObject({ tuning: { cache: 1 } });
    expect(values(config, files, ["engine=slow"])).not.toHaveProperty("tuning");
  });

  test("takes groups that the command line adds, over the file's own keys", () => {
    expect(values("engine:\n  speed: 3\n", {}, ["+engine=fast"])).toEqual({ engine: { speed: 9 } });
  });
});

describe("a package", () => {
  test.each([
    ["db@backup: mysql", { backup: { driver: "mysql", port: 3306 } }],
    ["db@a.b: mysql", { a: { b: { driver: "mysql", port: 3306 } } }],
    ["db@_global_: mysql", { driver: "mysql", port: 3306 }],
    ["db@_group_.main: mysql", { db: { main: { driver: "mysql", port: 3306 } } }],
    ["db/mysql@backup", { backup: { driver: "mysql", port: 3306 } }],
    ["db/mysql", { db: { driver: "mysql", port: 3306 } }],
  ])("- %s", (entry, expected) => {
    expect(values(`defaults:\n  - ${entry}\n`)).toEqual(expected);
  });

  test("in the header of a file counts from the root", () => {
    const files = { "server/web.yaml": "# @package site.http\ndefaults:\n  - /engine: fast\nport: 80\n" };
    expect(values("defaults:\n  - server: web\n", files)).toEqual({
      site: { http: { port: 80, engine: { speed: 9 } } },
    });
    expect(values("defaults:\n  - server@mine: web\n", files)).toMatchObject({ mine: { port: 80 } });
  });

  test("belongs to the name by which a group is chosen", () => {
    const config = "defaults:\n  - db@source: mysql\n  - db@target: mysql\n";
    const { values, choices } = composed(config, {}, ["db@target=postgresql"]);
    expect(values).toMatchObject({ source: { driver: "mysql" }, target: { driver: "postgresql" } });
    expect(choices).toEqual({ "db@source": "mysql", "db@target": "postgresql" });
    expect(() => composed(config, {}, ["db=postgresql"])).toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: override db=postgresql: no defaults list holds db; type db@source=postgresql or db@target=postgresql to choose, +db=postgresql to add it]`,
    );
  });
});

describe("what cannot be composed names its line", () => {
  test("in the words of its mistake", () => {
    const mistakes: [string, Record<string, string>][] = [
      ["defaults:\n  - db: mysq\n  - engin: fast\n  - bsae\n", {}],
      ["defaults: mysql\n", {}],
      ["defaults:\n  - 3\n  - db: 5\n  - maybe db: mysql\n  - _self_\n  - _self_\n", {}],
      ["defaults:\n  - override engine: fast\n  - engine: slow\n", {}],
      ["defaults:\n  - db: mysql\n  - db: postgresql\n", {}],
      ["defaults:\n  - override db: mysql\n", {}],
      ["defaults:\n  - a\n", { "a.yaml": "defaults: [b]", "b.yaml": "defaults: [a]" }],
      ["defaults:\n  - db: ${engin}\n  - engine: fast\n", {}],
      [
        "defaults:\n  - engine: fast\n  - db: ${engine}\n",
        { "db/fast.yaml": "defaults:\n  - override /engine: slow\n" },
      ],
      ["defaults:\n  - db: mysql\n  - more\n", { "more.yaml": "db: [1]\n" }],
    ];
    const messages = mistakes.map(([config, files]) => {
      try {
        return `${config}was composed to ${JSON.stringify(values(config, files))}`;
      } catch (error) {
        return config + String(error);
      }
    });
    expect(messages.join("\n\n")).toMatchInlineSnapshot(`
      "defaults:
        - db: mysq
        - engin: fast
        - bsae
      ConfigError: config conf/config.yaml:2: db must be one of mysql, postgresql, got mysq; did you mean db=mysql?
      config conf/config.yaml:3: there is no group engin; did you mean engine?
      config conf/config.yaml:4: conf/bsae.yaml does not exist; known are config

      defaults: mysql
      ConfigError: config conf/config.yaml:1: defaults must be a list, such as [_self_, model: small]

      defaults:
        - 3
        - db: 5
        - maybe db: mysql
        - _self_
        - _self_
      ConfigError: config conf/config.yaml:2: an entry of defaults must be a file (- base) or one group with its choice (- model: small)
      config conf/config.yaml:3: db must be set to the name of a file, a list of names or null
      config conf/config.yaml:4: maybe must be optional or override, in "maybe db"
      config conf/config.yaml:1: defaults must hold _self_ only once

      defaults:
        - override engine: fast
        - engine: slow
      ConfigError: config conf/config.yaml:3: this entry must stand before "override engine": overrides come last

      defaults:
        - db: mysql
        - db: postgresql
      ConfigError: config conf/config.yaml:2: db is chosen twice; to change the choice of the defaults list, write "override db: mysql"

      defaults:
        - override db: mysql
      ConfigError: config conf/config.yaml:2: no defaults list holds db; without the word override this adds it

      defaults:
        - a
      ConfigError: config conf/b.yaml:1: the defaults lists run in a circle: config -> a -> b -> a

      defaults:
        - db: \${engin}
        - engine: fast
      ConfigError: config conf/config.yaml:2: \${engin} is not the choice of a group; did you mean engine?

      defaults:
        - engine: fast
        - db: \${engine}
      ConfigError: config conf/db/fast.yaml:2: override /engine comes too late, since this file's own name depends on other choices

      defaults:
        - db: mysql
        - more
      ConfigError: config conf/more.yaml:1: db must hold keys as in conf/db/mysql.yaml, got a list"
    `);
  });

  test("what the command line asks of a group that is not there", () => {
    const refused = (override: string) =>
      expect(() => composed("defaults:\n  - db: mysql\n", {}, [override]));
    refused("engine=fast").toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: override engine=fast: no defaults list holds engine; type +engine=fast to add it]`,
    );
    refused("+db=postgresql").toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: override +db=postgresql: db is chosen twice; to change the choice of the defaults list, type db=postgresql]`,
    );
    refused("~db=postgresql").toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: override ~db=postgresql: db is mysql and not postgresql, so this removes nothing]`,
    );
    refused("~engine").toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: override ~engine: no defaults list holds engine; known are db]`,
    );
  });
});
