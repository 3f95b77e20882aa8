/** Where the thread behind `openInferenceWorker` begins. */
import { enableCompileCache } from "node:module";

// A thread does not share the cache of the process. What is imported before it is on would not use it: nothing is.
enableCompileCache();
const { answerJobs } = await import("./answer-jobs.ts");
await answerJobs();
