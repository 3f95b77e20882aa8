/** What a project.ts imports as `havn`. */
export { z } from "zod";
export {
  defineProject,
  imageClassification,
  imageUpload,
  type LabelAnswer,
  textClassification,
  translation,
} from "./tasks/index.ts";
