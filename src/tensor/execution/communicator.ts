/** What processes that train together exchange, over MPI: the library of Open MPI or of MPICH, called through koffi. */
import { fstatSync } from "node:fs";
import koffi from "koffi";
import { TensorError } from "../errors.ts";
import type { MpiLaunch } from "./mpi-launch.ts";

/** Every call waits for the same call of all other processes, and blocks its thread until then. */
export interface Communicator {
  /** This process among the others, from 0. */
  readonly rank: number;
  readonly size: number;
  /** Replaces values by their sums over all processes, in place. */
  sum(values: Float32Array): void;
  /** Replaces values by those of one process, in place. */
  broadcast(values: Float32Array | Float64Array, from?: number): void;
  /** The bytes of each process, by rank. */
  gather(bytes: Uint8Array): Uint8Array[];
  /** Waits for the others; unlike the rest without keeping a core busy. */
  barrier(): void;
  /** Takes leave of the others. Not to be called after a failure: a process that ends without it ends them too. */
  close(): void;
}

/** MPI_THREAD_FUNNELED: all calls come from one thread. */
const oneThread = 1;
const bytesOfHandle = 8;
/** Looks for the others before the first pause: about a millisecond, longer than equal steps differ. */
const looksBeforePause = 2000;

/**
 * Joins the processes that the launcher started with this one. Once in the life of a process, in the thread that
 * makes all further calls.
 * @throws {TensorError} when the launcher's library is missing, or is not the launcher's
 */
export function openCommunicator(launch: MpiLaunch): Communicator {
  requireConnection(launch);
  const library = loadLibrary(launch);
  const { handle, world, float, byte, sum, inPlace, ignoreStatus } = dialectOf(library);
  const functionOf = (name: string, ...parameters: string[]) =>
    library.func(`int MPI_${name}(${parameters.join(", ")})`);

  functionOf("Init_thread", "void *", "void *", "int", "void *")(null, null, oneThread, new Int32Array(1));
  const ask = (name: string): number => {
    const answer = new Int32Array(1);
    functionOf(name, handle, "void *")(world, answer);
    return answer[0]!;
  };
  const [rank, size] = [ask("Comm_rank"), ask("Comm_size")];
  if (launch.size !== undefined && launch.size !== size)
    throw new TensorError(
      `${launch.launcher} started ${launch.size} processes, but the MPI library sees ${size}: it belongs to another MPI. ${anotherLibrary}`,
    );

  const allreduce = functionOf("Allreduce", "intptr_t", "void *", "int", handle, handle, handle);
  const bcast = functionOf("Bcast", "void *", "int", handle, "int", handle);
  const allgatherOf = ["void *", "int", handle, "void *"];
  const allgather = functionOf("Allgather", ...allgatherOf, "int", handle, handle);
  const allgatherv = functionOf("Allgatherv", ...allgatherOf, "void *", "void *", handle, handle);
  const ibarrier = functionOf("Ibarrier", handle, "void *");
  const test = functionOf("Test", "void *", "void *", "intptr_t");
  const finalize = functionOf("Finalize");

  return {
    rank,
    size,
    sum: (values) => void allreduce(inPlace, values, values.length, float, sum, world),
    broadcast: (values, from = 0) => void bcast(values, values.byteLength, byte, from, world),
    gather(bytes) {
      const counts = new Int32Array(size);
      allgather(Int32Array.of(bytes.length), 4, byte, counts, 4, byte, world);
      const starts = new Int32Array(size);
      for (let i = 1; i < size; i++) starts[i] = starts[i - 1]! + counts[i - 1]!;
      const all = new Uint8Array(starts.at(-1)! + counts.at(-1)!);
      allgatherv(bytes, bytes.length, byte, all, counts, starts, byte, world);
      return Array.from(counts, (count, i) => all.subarray(starts[i], starts[i]! + count));
    },
    barrier() {
      const request = new Uint8Array(bytesOfHandle);
      const isDone = new Int32Array(1);
      ibarrier(world, request);
      for (let looks = 1; ; looks++) {
        test(request, isDone, ignoreStatus);
        if (isDone[0]) return;
        if (looks > looksBeforePause) pause(1);
      }
    },
    close: () => void finalize(),
  };
}

/** What differs between MPI's implementations, which agree on the functions alone. */
interface Dialect {
  /** C type of communicators, data types and operations. */
  readonly handle: "void *" | "int";
  readonly world: unknown;
  readonly float: unknown;
  readonly byte: unknown;
  readonly sum: unknown;
  /** MPI_IN_PLACE and MPI_STATUS_IGNORE, as addresses. */
  readonly inPlace: number;
  readonly ignoreStatus: number;
}

type Library = ReturnType<typeof koffi.load>;

function dialectOf(library: Library): Dialect {
  try {
    return {
      handle: "void *",
      world: library.symbol("ompi_mpi_comm_world"),
      float: library.symbol("ompi_mpi_float"),
      byte: library.symbol("ompi_mpi_byte"),
      sum: library.symbol("ompi_mpi_op_sum"),
      inPlace: 1,
      ignoreStatus: 0,
    };
  } catch {
    // The numbers of mpi.h, which all libraries of the MPICH ABI initiative share (MPICH, Intel MPI, MVAPICH).
    const handles = { world: 0x44000000, float: 0x4c00040a, byte: 0x4c00010d, sum: 0x58000003 };
    return { handle: "int", ...handles, inPlace: -1, ignoreStatus: 1 };
  }
}

const anotherLibrary =
  "The variable HAVN_MPI_LIBRARY can name the file of the library, such as /opt/mpi/lib/libmpi.so.";

function loadLibrary({ launcher, libraries, packages }: MpiLaunch): Library {
  const reasons: string[] = [];
  for (const file of libraries) {
    try {
      // Open MPI's plug-ins look for its symbols among the global ones.
      return koffi.load(file, { global: true });
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  throw new TensorError(
    `${launcher} started this process, but its library cannot be loaded: ${libraries.join(", ")} (${reasons[0]}).\n` +
      `Install it: ${packages}. ${anotherLibrary}`,
  );
}

/** MPICH hands each process an open socket; where it got lost on the way, MPI_Init would end in a stack trace. */
function requireConnection({ connection }: MpiLaunch): void {
  if (connection === undefined) return;
  try {
    if (fstatSync(connection).isSocket()) return;
  } catch {
    // Not open: said below.
  }
  throw new TensorError(
    `mpirun's connection (file descriptor ${connection}) did not reach this process: npx does not hand it on.\n` +
      "Let mpirun use a port (mpirun -pmi-port -n 2 npx havn ...), or start the command without npx: node bin/havn.js",
  );
}

/** The only way for a thread to wait that blocks it. */
const pause = (milliseconds: number): void =>
  void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
