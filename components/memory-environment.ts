/**
 * How Node and the C library use the connection manager's memory: one arena for all threads, large buffers returned when they are freed,
 * and a collection that the relay can request (docs/decisions/0014).
 */
export const MEMORY_ENVIRONMENT = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "262144",
  NODE_OPTIONS: "--enable-source-maps --expose-gc",
} as const;
