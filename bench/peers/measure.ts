/**
 * One run of a program, seen from outside: seconds by the clock, processor seconds, and the most memory
 * that it had. Linux only: from `/proc`, as often as is needed to lose no more than a fiftieth of a
 * second.
 */

/** What a run took. */
export interface Cost {
  /** Seconds by the clock, from start to end. */
  wall: number;
  /** Seconds that all its threads had of the processors. */
  processor: number;
  /** Most bytes in memory, those that stand for GPU memory on a software adapter included. */
  peakBytes: number;
}

/** A program and its arguments. */
export interface Command {
  program: string;
  args: string[];
}

const INTERVAL = 20;

/** Clock ticks of a second in `/proc`, the same on every Linux of today. */
const TICKS = 100;

/**
 * Runs a program to its end.
 *
 * @throws {Error} If it cannot be started or fails, with the last that it said.
 */
export async function measure({ program, args }: Command): Promise<Cost> {
  const start = performance.now();
  const command = new Deno.Command(program, { args, stdout: "null", stderr: "piped" });
  const child = command.spawn();
  const cost: Cost = { wall: 0, processor: 0, peakBytes: 0 };
  const watch = () => look(child.pid, cost);
  const timer = setInterval(watch, INTERVAL);
  const { success, stderr } = await child.output();
  clearInterval(timer);
  cost.wall = (performance.now() - start) / 1000;
  if (success) return cost;
  const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new Error(said || "it failed without a word");
}

/** Takes down what a process had so far; of one that has ended there is nothing more to see. */
function look(pid: number, cost: Cost): void {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    const peak = /^VmHWM:\s*(\d+) kB/m.exec(status);
    if (peak === null) return;
    cost.peakBytes = 1024 * Number(peak[1]);
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    cost.processor = (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
