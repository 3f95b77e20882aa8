/** What a project.ts imports as `havn`. */
export { z } from "zod";
export { defineProject, textClassification, translation } from "./tasks/index.ts";
