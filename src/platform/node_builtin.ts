/**
 * Modules of Node.js, which Deno has as well, each loaded when it is first used: together they take 30 ms of the
 * start, and most runs need one of them or none.
 */

import process from "node:process";

/** The modules by name. */
export const BUILTIN = {
  get crypto(): typeof import("node:crypto") {
    return process.getBuiltinModule("node:crypto");
  },
  get fs(): typeof import("node:fs") {
    return process.getBuiltinModule("node:fs");
  },
  get stream(): typeof import("node:stream") {
    return process.getBuiltinModule("node:stream");
  },
  get threads(): typeof import("node:worker_threads") {
    return process.getBuiltinModule("node:worker_threads");
  },
  get timers(): typeof import("node:timers") {
    return process.getBuiltinModule("node:timers");
  },
  get url(): typeof import("node:url") {
    return process.getBuiltinModule("node:url");
  },
  get zlib(): typeof import("node:zlib") {
    return process.getBuiltinModule("node:zlib");
  },
};
