// A process of its own that writes to a store and says on stdout what was acknowledged: for tests that kill it, and
// for tests of several at once.
import { openStore } from "./open-store.ts";

const [home = "", key = "", count = "0"] = process.argv.slice(2);
const store = await openStore({ home });
const { experimentId } = await store.ensureExperiment("shared");
const { runId } = await store.createRun({ experimentId, name: key, params: { key } });
await store.ensureRegisteredModel("shared");
console.log(JSON.stringify({ runId }));
for (let step = 0; step < Number(count); step++) {
  await store.logBatch(runId, {
    metrics: [{ key, value: step, timestamp: step, step }],
    tags: { step: String(step) },
  });
  if (step % 10 === 0) await store.createModelVersion({ name: "shared", source: `${key} ${step}` });
  console.log(JSON.stringify({ acknowledged: step }));
}
await store.close();
