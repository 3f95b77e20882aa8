import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mpiLaunchers } from "../testing/mpi-launchers.ts";

const program = fileURLToPath(new URL("../testing/communicate.ts", import.meta.url));
const launchers = mpiLaunchers();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "communicator-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the program in a process of its own, with more in its environment. */
function run(env: Readonly<Record<string, string>>, command: readonly string[] = []) {
  const [file, ...args] = [...command, process.execPath, program, folder];
  return spawnSync(file!, args, { encoding: "utf8", env: { ...process.env, ...env } });
}

describe.each(launchers)("three processes of $name", ({ command, env }) => {
  test("sum in place, take over, and gather what each of them has", async () => {
    const { status, stderr } = run(env, command(3));
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const rank of [0, 1, 2])
      expect(JSON.parse(await readFile(join(folder, `${rank}.json`), "utf8"))).toEqual({
        ...{ rank, size: 3 },
        sum: [-1, 4.5, 4.5, 4.5, 4.5, -1],
        first: [0, 10],
        second: [2 ** 40 + 1],
        gathered: [[], [1], [2, 2]],
      });
  });
});

describe("a process that cannot join the others", () => {
  /** The error's message, without the way to it. */
  const errorOf = (env: Readonly<Record<string, string>>) =>
    /TensorError: ((?:.|\n)*?)\n {4}at /.exec(run(env).stderr)?.[1]?.replace(/\(Failed .*\)/, "(WHY)");

  test("is told what to install where the library is missing", () => {
    const missing = { HAVN_MPI_LIBRARY: "libmissing.so" };
    expect(errorOf({ OMPI_COMM_WORLD_SIZE: "2", ...missing })).toMatchInlineSnapshot(`
      "mpirun of Open MPI started this process, but its library cannot be loaded: libmissing.so (WHY).
      Install it: apt-get install openmpi-bin libopenmpi-dev, dnf install openmpi, or brew install open-mpi. The variable HAVN_MPI_LIBRARY can name the file of the library, such as /opt/mpi/lib/libmpi.so."
    `);
    expect(errorOf({ PMI_SIZE: "2", ...missing })).toMatchInlineSnapshot(`
      "mpirun of MPICH started this process, but its library cannot be loaded: libmissing.so (WHY).
      Install it: apt-get install mpich, dnf install mpich, or brew install mpich. The variable HAVN_MPI_LIBRARY can name the file of the library, such as /opt/mpi/lib/libmpi.so."
    `);
  });

  test("is told when the launcher's connection was lost on the way", () => {
    expect(errorOf({ PMI_SIZE: "2", PMI_FD: "99" })).toMatchInlineSnapshot(`
      "mpirun's connection (file descriptor 99) did not reach this process: npx does not hand it on.
      Let mpirun use a port (mpirun -pmi-port -n 2 npx havn ...), or start the command without npx: node bin/havn.js"
    `);
  });

  test.skipIf(launchers.every(({ name }) => name !== "Open MPI"))(
    "is told when the library is another MPI's",
    () => {
      // Without its launcher's variables, Open MPI believes itself to be alone.
      const library = { HAVN_MPI_LIBRARY: "libmpi.so.40" };
      expect(errorOf({ PMI_SIZE: "2", ...library })).toMatchInlineSnapshot(
        `"mpirun of MPICH started 2 processes, but the MPI library sees 1: it belongs to another MPI. The variable HAVN_MPI_LIBRARY can name the file of the library, such as /opt/mpi/lib/libmpi.so."`,
      );
    },
  );
});
