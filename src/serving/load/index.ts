/** Load on a service, and what it did. */
export type { LoadRequest } from "./ask.ts";
export { loadPage } from "./load-page.ts";
export { type LoadOptions, type LoadReport, runLoad } from "./run-load.ts";
export type { AnswerCheck } from "./same-answer.ts";
