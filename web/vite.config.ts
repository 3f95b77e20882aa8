// Builds the pages into web/dist. All addresses are relative, so that they work at any place of a server.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

/** Where `npx vite web` finds the APIs while the pages are worked on: a running `havn up`. */
const server = process.env.HAVN_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "./",
  plugins: [svelte()],
  build: {
    // The policy of the server allows no data: addresses, and ECharts is large but loads only with charts.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
  },
  server: { proxy: { "/api": server, "/get-artifact": server, "^/projects/": server } },
});
