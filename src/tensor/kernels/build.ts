/** Compiles kernels.as.ts to kernels.wasm. The result is kept in the repository; a test compiles it again and compares. */
import { readFile, writeFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

const source = new URL("./kernels.as.ts", import.meta.url);
export const kernelsFile = new URL("./kernels.wasm", import.meta.url);

export async function compileKernels(): Promise<Uint8Array> {
  const text = await readFile(source, "utf8");
  const options = { optimizeLevel: 3, runtime: "stub", importMemory: true, noAssert: true, enable: ["simd"] };
  const { error, binary, stderr } = await asc.compileString(text, options);
  if (error || !binary)
    throw new Error(`kernels.as.ts does not compile: ${error?.message}\n${stderr.toString()}`);
  return binary;
}

if (import.meta.main) await writeFile(kernelsFile, await compileKernels());
