/**
 * One run of the program, watched from inside: what its threads had of the processors, and how long it
 * stood still for the device. `overhead.ts` starts it, as a process of its own for each run.
 *
 * Deno waits for the device inside `submit()`, in which lavapipe already computes, `onSubmittedWorkDone()`
 * and `mapAsync()`, and compiles inside `createShaderModule()` and `createComputePipeline()`: the time of
 * these calls is that of the device and of the driver's compiler, and the rest is ours.
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
  /** Processor time of the thread that runs the program, without these three. */
  mainThread: number;
  /** Of it, until the program's modules are loaded and it begins. */
  starting: number;
  /** Processor time of the driver's threads, in which a software adapter computes. */
  driverThreads: number;
  /** Processor time of the runtime's other threads: codecs, compilers of JavaScript, files. */
  otherThreads: number;
}

/** Clock ticks of a second in `/proc`, the same on every Linux of today. */
const TICKS = 100;

/** What the calls of some methods took until they returned, in seconds. */
interface Calls {
  wall: number;
  /** Processor time of this thread. */
  processor: number;
}

/** Adds up what calls of a method take. */
function timed<T extends object>(prototype: T, name: keyof T & string, calls: Calls) {
  const original = prototype[name] as (...args: unknown[]) => unknown;
  Object.defineProperty(prototype, name, {
    configurable: true,
    writable: true,
    value(this: T, ...args: unknown[]) {
      const start = performance.now();
      const processorStart = mainThreadSeconds();
      try {
        return original.apply(this, args);
      } finally {
        calls.processor += mainThreadSeconds() - processorStart;
        calls.wall += (performance.now() - start) / 1000;
      }
    },
  });
}

/** Processor time of the thread that runs the program, to the nanosecond. */
function mainThreadSeconds(): number {
  const [nanoseconds] = Deno.readTextFileSync(`/proc/self/task/${Deno.pid}/schedstat`).split(" ");
  return Number(nanoseconds) / 1e9;
}

/** Seconds of the processors by thread: its name, and user and system time. */
function threadSeconds(): { name: string; id: number; seconds: number }[] {
  return [...Deno.readDirSync("/proc/self/task")].flatMap(({ name: id }) => {
    const stat = statOf(id);
    if (stat === undefined) return [];
    const end = stat.lastIndexOf(")");
    const fields = stat.slice(end + 2).split(" ");
    const name = stat.slice(stat.indexOf("(") + 1, end);
    return { name, id: Number(id), seconds: (Number(fields[11]) + Number(fields[12])) / TICKS };
  });
}

/** What the system says of a thread; undefined once it has ended. */
function statOf(id: string): string | undefined {
  try {
    return Deno.readTextFileSync(`/proc/self/task/${id}/stat`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function run(args: string[]): Promise<RunCost> {
  const starting = mainThreadSeconds();
  const none = (): Calls => ({ wall: 0, processor: 0 });
  const [waiting, compiling, opening] = [none(), none(), none()];
  timed(GPUQueue.prototype, "submit", waiting);
  timed(GPUQueue.prototype, "onSubmittedWorkDone", waiting);
  timed(GPUBuffer.prototype, "mapAsync", waiting);
  timed(GPUDevice.prototype, "createShaderModule", compiling);
  timed(GPUDevice.prototype, "createComputePipeline", compiling);
  timed(GPU.prototype, "requestAdapter", opening);
  timed(GPUAdapter.prototype, "requestDevice", opening);
  const exitCode = await main(args);
  const wall = (Date.now() - performance.timeOrigin) / 1000;
  const ofDevice = [waiting, compiling, opening].reduce((sum, calls) => sum + calls.processor, 0);
  const mainThread = mainThreadSeconds() - ofDevice;
  const threads = threadSeconds().filter(({ id }) => id !== Deno.pid);
  const isOurs = (name: string) => /^(V8|tokio|worker)/.test(name);
  const sum = (ours: boolean) =>
    threads.filter(({ name }) => isOurs(name) === ours)
      .reduce((all, { seconds }) => all + seconds, 0);
  return {
    exitCode,
    wall,
    waiting: waiting.wall,
    compiling: compiling.wall,
    opening: opening.wall,
    mainThread,
    starting,
    driverThreads: sum(false),
    otherThreads: sum(true),
  };
}

if (import.meta.main) {
  const [report, ...args] = Deno.args;
  await Deno.writeTextFile(report, JSON.stringify(await run(args)));
  Deno.exit(0);
}
