/**
 * A process that logs predictions and archives them as fast as it can: FOLDER STORE FIRST. It says the number of each
 * prediction that was flushed, and the name of each file in the store.
 */
import { type ObjectStore, openFileStore } from "../../storage/index.ts";
import { archivePredictions } from "../archive-predictions.ts";
import { openPredictionLog } from "../prediction-log.ts";

const [folder, storeFolder, first] = process.argv.slice(2) as [string, string, string];
const store = await openFileStore(storeFolder);
const log = openPredictionLog(folder, { store, segmentBytes: 20_000 });
const telling: ObjectStore = {
  ...store,
  async put(name, source) {
    const written = await store.put(name, source);
    process.send!(name);
    return written;
  },
};
const archive = archivePredictions(folder, { store: telling });
let isMoving = Promise.resolve();
for (let number = Number(first); ; number++) {
  const times = { time: Date.now(), latencyMs: 0 };
  log.add({
    id: `${number}`,
    project: "p",
    modelVersion: 1,
    ...times,
    input: { text: "x".repeat(200) },
    answer: 1,
  });
  await log.flush();
  process.send!(number);
  // Logging goes on while the segments move; only not so far ahead that they never end.
  if (number % 300 === 299) {
    await isMoving;
    isMoving = archive.run();
  }
}
