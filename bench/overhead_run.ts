/**
 * One run of the program, watched from inside: what its threads had of the processors, and how long it
 * stood still for the device. `overhead.ts` starts it, as a process of its own for each run.
 *
 * Deno waits for the device inside `onSubmittedWorkDone()` and `mapAsync()`, and compiles inside
 * `createShaderModule()` and `createComputePipeline()`: the time of these calls is that of the device and
 * of the driver's compiler, and the rest is ours.
 */

import { main } from "../src/cli/main.ts";

/** What a run took, in seconds. */
export interface RunCost {
  exitCode: number;
  /** From the start of the process to the end of the work, by the clock. */
  wall: number;
  /** Of it, inside calls that wait for the device. */
  waiting: number;
  /** Of it, inside calls that compile shaders. */
  compiling: number;
  /** Of it, inside the calls that open the device. */
  opening: number;
  /** Processor time of the thread that runs the program. */
  mainThread: number;
  /** Processor time of the driver's threads, in which a software adapter computes. */
  driverThreads: number;
  /** Processor time of the runtime's other threads: codecs, compilers of JavaScript, files. */
  otherThreads: number;
}

/** Clock ticks of a second in `/proc`, the same on every Linux of today. */
const TICKS = 100;

/** Adds up the time that calls of a method take until they return. */
function timed<T extends object>(prototype: T, name: keyof T & string, add: (s: number) => void) {
  const original = prototype[name] as (...args: unknown[]) => unknown;
  Object.defineProperty(prototype, name, {
    configurable: true,
    writable: true,
    value(this: T, ...args: unknown[]) {
      const start = performance.now();
      try {
        return original.apply(this, args);
      } finally {
        add((performance.now() - start) / 1000);
      }
    },
  });
}

/** Seconds of the processors by thread: its name, and user and system time. */
function threadSeconds(): { name: string; id: number; seconds: number }[] {
  return [...Deno.readDirSync("/proc/self/task")].map(({ name: id }) => {
    const stat = Deno.readTextFileSync(`/proc/self/task/${id}/stat`);
    const end = stat.lastIndexOf(")");
    const fields = stat.slice(end + 2).split(" ");
    const name = stat.slice(stat.indexOf("(") + 1, end);
    return { name, id: Number(id), seconds: (Number(fields[11]) + Number(fields[12])) / TICKS };
  });
}

async function run(args: string[]): Promise<RunCost> {
  const cost = { waiting: 0, compiling: 0, opening: 0 };
  const wait = (seconds: number) => cost.waiting += seconds;
  const compile = (seconds: number) => cost.compiling += seconds;
  const open = (seconds: number) => cost.opening += seconds;
  timed(GPUQueue.prototype, "onSubmittedWorkDone", wait);
  timed(GPUBuffer.prototype, "mapAsync", wait);
  timed(GPUDevice.prototype, "createShaderModule", compile);
  timed(GPUDevice.prototype, "createComputePipeline", compile);
  timed(GPU.prototype, "requestAdapter", open);
  timed(GPUAdapter.prototype, "requestDevice", open);
  const exitCode = await main(args);
  const wall = (Date.now() - performance.timeOrigin) / 1000;
  const threads = threadSeconds();
  const sum = (which: (name: string, id: number) => boolean) =>
    threads.filter(({ name, id }) => which(name, id)).reduce(
      (all, { seconds }) => all + seconds,
      0,
    );
  const isOurs = (name: string) => /^(V8|tokio)/.test(name);
  return {
    exitCode,
    wall,
    ...cost,
    mainThread: sum((_, id) => id === Deno.pid),
    driverThreads: sum((name, id) => id !== Deno.pid && !isOurs(name)),
    otherThreads: sum((name, id) => id !== Deno.pid && isOurs(name)),
  };
}

if (import.meta.main) {
  const [report, ...args] = Deno.args;
  await Deno.writeTextFile(report, JSON.stringify(await run(args)));
  Deno.exit(0);
}
