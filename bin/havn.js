#!/usr/bin/env node
// Starts Havn on the Node that it needs: this one, or the one that npm installed beside it (the package `node`).
// Plain JavaScript, because the Node of the shell may be too old to read TypeScript.
import { spawn } from "node:child_process";
import { existsSync, fstatSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const [major] = process.versions.node.split(".").map(Number);
hideToken();

if (major >= 24) {
  // TypeScript without its types, and machine code: kept from one start to the next they halve the time and save 20 MB.
  module.enableCompileCache();
  // Now, since a server may be killed before it comes to do so at its end.
  setTimeout(() => module.flushCompileCache(), 5000).unref();
  await import("../src/cli/main.ts");
} else {
  const local = ["../node_modules/node/bin/node", "../node_modules/node/bin/node.exe"]
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
  if (!local) {
    console.error(
      `Havn needs Node 24 or newer, this is ${process.version}.\n` +
        "npm ci installs one beside it, unless install scripts are switched off: try npm ci --ignore-scripts=false",
    );
    process.exit(1);
  }
  // Streams, and MPICH's connection to its mpirun: other descriptors stay behind.
  const connection = Number(process.env.PMI_FD);
  const stdio = ["inherit", "inherit", "inherit"];
  if (isOpen(connection)) stdio.push(...Array(connection - 3).fill("ignore"), "inherit");
  const child = spawn(local, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio });
  // A terminal sends Ctrl-C to both; other signals come to this process alone.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGUSR1", () => child.kill("SIGUSR1"));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 143);
  });
}

function isOpen(descriptor) {
  try {
    return descriptor > 2 && fstatSync(descriptor).isSocket();
  } catch {
    return false;
  }
}

/** Everybody on a machine sees the arguments of all processes: a token goes on as a variable, which they do not see. */
function hideToken() {
  const at = process.argv.findIndex((argument) => /^--token(=|$)/.test(argument));
  if (at < 2) return;
  const [, joined] = process.argv[at].match(/^--token=(.*)$/s) ?? [];
  const token = joined ?? process.argv[at + 1];
  if (token === undefined) return;
  process.env.HAVN_TOKEN = token;
  process.argv.splice(at, joined === undefined ? 2 : 1);
  process.title = ["havn", ...process.argv.slice(2)].join(" ");
}
