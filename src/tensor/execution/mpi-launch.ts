/** How a process learns that an MPI launcher started it together with others: by its environment, without MPI. */

export interface MpiLaunch {
  /** For messages. */
  readonly launcher: string;
  /** Where its library may lie, most likely first. */
  readonly libraries: readonly string[];
  /** What to install when it does not. */
  readonly packages: string;
  /** Number of processes, where the launcher tells. */
  readonly size?: number;
  /** The file descriptor over which MPICH's launcher is reached. */
  readonly connection?: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What launched this process and others with it; undefined where nothing did, or it alone. */
export function mpiLaunch(env: Environment): MpiLaunch | undefined {
  const launch = openMpi(env) ?? mpich(env);
  if (!launch || launch.size === 1) return undefined;
  const { HAVN_MPI_LIBRARY: library } = env;
  return library ? { ...launch, libraries: [library] } : launch;
}

/** mpirun sets OMPI_COMM_WORLD_SIZE; Slurm's `srun --mpi=pmix` the variables of PMIx alone. */
function openMpi({ OMPI_COMM_WORLD_SIZE: size, PMIX_RANK: rank }: Environment): MpiLaunch | undefined {
  if (size === undefined && rank === undefined) return undefined;
  return {
    launcher: size === undefined ? "A launcher with PMIx" : "mpirun of Open MPI",
    libraries: ["libmpi.so.40", "libmpi.so", "libmpi.40.dylib", "libmpi.dylib"],
    packages: "apt-get install openmpi-bin libopenmpi-dev, dnf install openmpi, or brew install open-mpi",
    ...(size !== undefined && { size: Number(size) }),
  };
}

/** Hydra, the launcher of MPICH and its relatives, tells either a descriptor and the size, or a port. */
function mpich({ PMI_SIZE: size, PMI_FD: connection, PMI_PORT: port }: Environment): MpiLaunch | undefined {
  if (size === undefined && port === undefined) return undefined;
  return {
    launcher: "mpirun of MPICH",
    libraries: ["libmpich.so.12", "libmpi.so.12", "libmpich.so", "libmpi.12.dylib", "libmpi.dylib"],
    packages: "apt-get install mpich, dnf install mpich, or brew install mpich",
    ...(size !== undefined && { size: Number(size) }),
    ...(connection !== undefined && { connection: Number(connection) }),
  };
}
