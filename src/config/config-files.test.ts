import { expect, test } from "vitest";
import { choicesOf, filesOnDisk, groupsOf, labelOf } from "./config-files.ts";
import { writtenFolder } from "./written-folder.ts";

test("groups are folders, their choices the files in them", () => {
  const folder = writtenFolder({
    "config.yaml": "",
    "model/small.yaml": "",
    "model/large.yaml": "",
    "model/notes.txt": "",
    "db/engine/innodb.yaml": "",
  });
  expect(groupsOf(folder)).toEqual(["db", "db/engine", "model"]);
  expect(choicesOf(folder, "model")).toEqual(["large", "small"]);
  expect(choicesOf(folder, "db")).toEqual([]);
  expect(choicesOf(folder, "nothing")).toEqual([]);
});

test("no name leads out of the folder", () => {
  const folder = writtenFolder({ "secret.yaml": "a: 1", "conf/config.yaml": "b: 1" });
  const files = filesOnDisk(`${folder}/conf`);
  expect(files.read("config")).toBe("b: 1");
  expect(files.read("../secret")).toBeUndefined();
  expect(files.choices("..")).toBeUndefined();
});

test("messages call a file by the folder as given", () => {
  expect(labelOf("projects/reviews/conf", "model/small")).toBe("projects/reviews/conf/model/small.yaml");
  expect(labelOf("./conf/", "config")).toBe("conf/config.yaml");
  expect(labelOf(writtenFolder({}), "config")).toBe("conf/config.yaml");
});
