import { describe, expect, test } from "vitest";
import { mpiLaunch } from "./mpi-launch.ts";

describe("a process knows its launcher", () => {
  test.each([
    [
      "Open MPI",
      { OMPI_COMM_WORLD_SIZE: "2" },
      { size: 2, libraries: expect.arrayContaining(["libmpi.so.40"]) },
    ],
    ["Slurm's PMIx", { PMIX_RANK: "0" }, { libraries: expect.arrayContaining(["libmpi.so.40"]) }],
    ["MPICH", { PMI_SIZE: "4", PMI_FD: "6" }, { size: 4, connection: 6 }],
    ["MPICH by a port", { PMI_PORT: "host:1" }, { libraries: expect.arrayContaining(["libmpich.so.12"]) }],
  ])("%s", (_, env, launch) => {
    expect(mpiLaunch(env)).toMatchObject(launch);
  });

  test("and that it is alone", () => {
    for (const env of [{}, { OMPI_COMM_WORLD_SIZE: "1" }, { PMI_SIZE: "1" }, { SLURM_NTASKS: "4" }])
      expect(mpiLaunch(env)).toBeUndefined();
  });

  test("and takes the library that it is given", () => {
    const env = { OMPI_COMM_WORLD_SIZE: "2", HAVN_MPI_LIBRARY: "/opt/mpi/libmpi.so" };
    expect(mpiLaunch(env)?.libraries).toEqual(["/opt/mpi/libmpi.so"]);
    expect(mpiLaunch({ ...env, HAVN_MPI_LIBRARY: "" })?.libraries).toContain("libmpi.so.40");
  });
});
