/** The MPI launchers of this machine, for tests that run under each of them. */
import { spawnSync } from "node:child_process";

export interface MpiLauncher {
  readonly name: "Open MPI" | "MPICH";
  /** Program and arguments that start so many processes of what follows. */
  command(processes: number): [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

/** What differs: Open MPI expects neither root, nor more processes than cores, nor a machine without ssh. */
const settings = {
  "Open MPI": {
    options: ["--oversubscribe", "--bind-to", "none"],
    env: {
      OMPI_ALLOW_RUN_AS_ROOT: "1",
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
      OMPI_MCA_plm: "isolated",
    },
  },
  MPICH: { options: [], env: {} },
} as const;

/** One for each implementation of MPI; none, said loudly, where there is no mpirun. */
export function mpiLaunchers(): MpiLauncher[] {
  const programs = new Map<MpiLauncher["name"], string>();
  for (const program of ["mpirun", "mpirun.openmpi", "mpirun.mpich"]) {
    const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
    if (stdout?.includes("Open MPI")) programs.set("Open MPI", program);
    if (stdout?.includes("HYDRA")) programs.set("MPICH", program);
  }
  if (programs.size === 0)
    console.warn("SKIPPED: training in several processes needs mpirun: apt-get install openmpi-bin mpich");
  return [...programs].map(([name, program]) => ({
    name,
    command: (processes) => [program, ...settings[name].options, "-n", String(processes)],
    env: settings[name].env,
  }));
}
