/**
 * Other GPUs' compilers: Mesa's drivers on stubs of their hardware, in a chroot that
 * `scripts/gpu_stubs.sh` sets up. They make machine code and tell of it; nothing is run.
 */

import type { AdapterSummary } from "../../../src/gpu/device.ts";
import type { Shader } from "../../../src/kernels/dispatch.ts";

/** A GPU: the driver that is loaded, the stub below it, and what makes the stub this very model. */
interface Stub {
  driver: string;
  shim: string;
  environment?: Record<string, string>;
}

const AMD = (model: string): Stub => ({
  driver: "radeon",
  shim: "amdgpu",
  environment: { AMDGPU_GPU_ID: model },
});

const NVIDIA = (chipset: string): Stub => ({
  driver: "nouveau",
  shim: "nouveau",
  environment: { NOUVEAU_CHIPSET: chipset },
});

/** The GPUs, by the names of their generations. */
const STUBS = {
  vega: AMD("vega10"),
  rdna2: AMD("navi21"),
  rdna3: AMD("navi31"),
  rdna4: AMD("gfx1201"),
  turing: NVIDIA("162"),
  ampere: NVIDIA("172"),
  ada: NVIDIA("192"),
  adreno6: { driver: "freedreno", shim: "freedreno" },
  adreno7: { driver: "freedreno", shim: "freedreno", environment: { FD_GPU_ID: "740" } },
  apple: { driver: "asahi", shim: "asahi" },
} satisfies Record<string, Stub>;

/** The name of a GPU. */
export type Chip = keyof typeof STUBS;

/** A chroot that is set up, or why it is not. */
export type Stubs = { folder: string; mesa: string } | { missing: string };

/** What a compiler made of a shader. */
export interface Compiled {
  label: string;
  error?: string;
  /** Registers of an invocation, where the driver tells. */
  registers?: number;
  /** Values that found no register, in whatever unit the driver counts. */
  spills?: number;
}

/** Sets the chroot up, where this machine can. */
export async function setUpStubs(): Promise<Stubs> {
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`;
  const folder = Deno.env.get("TESSERA_GPU_STUBS") ?? `${cache}/tessera/gpu-stubs`;
  const script = new URL("../../../scripts/gpu_stubs.sh", import.meta.url);
  const { code, stdout } = await new Deno.Command("sh", {
    args: [script.pathname, folder],
    stderr: "inherit",
  }).output();
  const said = new TextDecoder().decode(stdout).trim();
  return code === 0 ? { folder, mesa: said } : { missing: said };
}

/**
 * Compiles shaders with a GPU's compiler.
 *
 * @param list Gives the shaders for the adapter that the stub presents.
 */
export async function compileOn(
  chip: Chip,
  folder: string,
  list: (adapter: AdapterSummary, enabled: ReadonlySet<string>) => Shader[],
): Promise<Compiled[]> {
  const { adapter } = await run(chip, folder, [], 0);
  const { features, ...about } = adapter;
  const summary = {
    ...about,
    device: "",
    software: false,
    features,
    limits: {},
    matrixConfigs: [],
  };
  const shaders = list(summary, new Set(features));
  const outcomes: Compiled[] = [];
  while (outcomes.length < shaders.length) {
    const { compiled, end } = await run(chip, folder, shaders, outcomes.length);
    outcomes.push(...compiled);
    // A compiler that crashes takes its process along, but not the shaders after this one.
    if (outcomes.length < shaders.length) {
      outcomes.push({
        label: shaders[outcomes.length].label,
        error: `the compiler crashed: ${end}`,
      });
    }
  }
  return outcomes;
}

async function run(
  chip: Chip,
  folder: string,
  shaders: Shader[],
  first: number,
): Promise<{ adapter: AdapterSummary; compiled: Compiled[]; end: string }> {
  await Deno.writeTextFile(`${folder}/root/tmp/shaders.json`, JSON.stringify(shaders));
  const script = "tests/kernels/stubs/compile.ts";
  const command = ["deno", "run", "-A", "--no-lock", script, "/tmp/shaders.json", `${first}`];
  const { stdout, stderr } = await inStubs(folder, [...environmentOf(chip, folder), ...command]);
  const text = new TextDecoder();
  // What follows the last line break was cut short by a crash.
  const lines = text.decode(stdout).split("\n").slice(0, -1);
  const [adapter, ...compiled] = lines.map((line) => JSON.parse(line));
  const end = text.decode(stderr).trim().split("\n").at(-1) ?? "";
  if (adapter === undefined) throw new Error(`${chip} does not open: ${text.decode(stderr)}`);
  return { adapter, compiled: compiled.map(readStatistics), end };
}

/** Runs a command in the chroot, from the project's folder; variables may stand in front. */
export function inStubs(folder: string, command: string[]): Promise<Deno.CommandOutput> {
  const script = new URL("../../../scripts/in_gpu_stubs.sh", import.meta.url);
  return new Deno.Command("sh", { args: [script.pathname, folder, ...command] }).output();
}

/** The variables that make a driver take a GPU's stub for the GPU, and its compiler tell of its work. */
export function environmentOf(chip: Chip, folder: string): string[] {
  const { driver, shim, environment = {} }: Stub = STUBS[chip];
  const libraries = [...Deno.readDirSync(`${folder}/root/usr/lib`)].map(({ name }) => name);
  const library = libraries.find((name) => name.endsWith("-linux-gnu"));
  return Object.entries({
    // What was compiled once before would not be compiled, nor told of.
    MESA_SHADER_CACHE_DISABLE: "1",
    VK_DRIVER_FILES: `/usr/share/vulkan/icd.d/${driver}_icd.json`,
    VK_LAYER_PATH: "/tessera",
    VK_INSTANCE_LAYERS: "VK_LAYER_TESSERA_statistics",
    TESSERA_STATISTICS: "/tmp/statistics",
    LD_PRELOAD: `/usr/lib/${library}/lib${shim}_noop_drm_shim.so`,
    ...environment,
  }).map(([name, value]) => `${name}=${value}`);
}

/** The names that drivers give to what is counted: RADV's, Turnip's, Honeykrisp's, NVK's. */
const REGISTERS = ["VGPRs", "Registers used", "GPRs", "Number of GPRs"];
const SPILLS = ["Spilled VGPRs", "Spilled SGPRs", "STP Count", "Spills", "Spills to memory"];

function readStatistics({ told, ...outcome }: Compiled & { told?: string }): Compiled {
  if (told === undefined) return outcome;
  const values = new Map<string, number>();
  for (const [, name, value] of told.matchAll(/^(.+): (\d+)$/gm)) {
    if (!values.has(name)) values.set(name, Number(value));
  }
  const sum = (names: string[]) => {
    const found = names.flatMap((name) => values.get(name) ?? []);
    return found.length === 0 ? undefined : found.reduce((a, b) => a + b);
  };
  const [registers, spills] = [sum(REGISTERS), sum(SPILLS)];
  return {
    ...outcome,
    ...registers !== undefined && { registers },
    ...spills !== undefined && { spills },
  };
}
