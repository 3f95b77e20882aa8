export * from "./leading-rows.ts";
export * from "./elementwise.ts";
export * from "./lookup.ts";
export * from "./loss.ts";
export * from "./matmul.ts";
export * from "./normalize.ts";
export * from "./reduce.ts";
export * from "./shape.ts";
