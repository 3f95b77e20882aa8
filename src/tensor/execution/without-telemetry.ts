/**
 * ONNX Runtime tells its makers which models are run (names, hashes, the machine) unless this variable is set before a
 * thread first loads it: of what Havn does nothing leaves the machine. Threads get it from the process that starts them.
 */
process.env.ORT_DISABLE_TELEMETRY ??= "1";
