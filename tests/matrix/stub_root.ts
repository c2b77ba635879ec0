/**
 * A root with Mesa's newest drivers, stubs of GPUs that are not there, and Dawn: what the kernels for
 * matrix units are compiled and run with where no GPU has them. It is made by the tools of
 * `../shared/gpu-stubs`, below `$GPU_STUBS` or `~/.cache/gpu-stubs`, and takes root, Debian and 0.7 GB.
 */

import { DAWN, loadDawn } from "../../src/platform/mod.ts";
import { ROOT } from "../cli/program.ts";

const TOOLS = `${ROOT}../shared/gpu-stubs`;
const WORK = Deno.env.get("GPU_STUBS") ?? `${Deno.env.get("HOME")}/.cache/gpu-stubs`;

/** Dawn's package, and those that it is made with. */
const PACKAGES = [DAWN.split("@")[0], "@webgpu/types", "debug", "ms"];

/** How a process in the root ended. */
export interface Ended {
  code: number;
  /** What it wrote, to both streams. */
  text: string;
}

/** Makes the root, unless it is there; says whether it can be used. */
export async function setUpStubRoot(): Promise<boolean> {
  try {
    if (Deno.uid() !== 0) return false;
    await loadDawn();
    if (!isThere(`${WORK}/root/layer`)) {
      const made = await new Deno.Command(`${TOOLS}/make-root`, { cwd: ROOT }).output();
      if (!made.success) return false;
    }
    copyPackages();
    return (await inStubRoot("lavapipe", "set_up", ["deno", "--version"])).code === 0;
  } catch {
    return false;
  }
}

/** Runs a command in the root, from the project's folder, on a stub of a chip or on lavapipe. */
export async function inStubRoot(chip: string, out: string, command: string[]): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(`${TOOLS}/probe`, {
    args: [chip, `matrix/${out}`, ...command],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const texts = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, text: texts.join("") };
}

/** What the driver's layer wrote about a pipeline. */
export async function readNotes(
  out: string,
  label: string,
): Promise<{ statistics: Map<string, number>; assembly: string }> {
  const path = `${WORK}/out/matrix/${out}/${label}`;
  const text = await Deno.readTextFile(`${path}.stats`);
  const statistics = new Map<string, number>();
  for (const [, name, value] of text.matchAll(/^(.+): (\d+)$/gm)) {
    if (!statistics.has(name)) statistics.set(name, Number(value));
  }
  return { statistics, assembly: await Deno.readTextFile(`${path}.isa`) };
}

/** The root has no network: packages come from this machine's cache. */
function copyPackages(): void {
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] });
  const { npmCache } = JSON.parse(new TextDecoder().decode(command.outputSync().stdout));
  for (const { name: registry } of Deno.readDirSync(npmCache)) {
    for (const name of PACKAGES) {
      const from = `${npmCache}/${registry}/${name}`;
      const to = `${WORK}/root/deno/npm/${registry}/${name}`;
      if (!isThere(from) || isThere(to)) continue;
      Deno.mkdirSync(to.replace(/\/[^/]+$/, ""), { recursive: true });
      new Deno.Command("cp", { args: ["-R", from, to] }).outputSync();
    }
  }
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
