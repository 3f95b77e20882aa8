import { defineConfig } from "vitest/config";

export default defineConfig({
  // As `loadProject` does for projects outside of this repository.
  resolve: { alias: [{ find: /^havn$/, replacement: new URL("./src/index.ts", import.meta.url).pathname }] },
  test: {
    include: ["{src,web,test,bench,projects}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    // Generous: they catch what hangs, not what is slow. Two cores may be shared with others.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["default", "./test/closing-line.ts"],
  },
});
