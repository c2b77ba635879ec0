/** The options that say how pictures are upscaled: those of every subcommand that does so or plans it. */

import type { EnhancerOptions } from "../../enhance/options.ts";
import type { GpuOptions } from "../../gpu/device.ts";
import { DEFAULT_MEMORY, SCALE_RANGE, type UpscalerOptions } from "../../upscale_options.ts";
import { Upscaler } from "../../upscaler.ts";
import { LICENCE_POLICIES } from "../../weights/catalogue.ts";
import type { Blend } from "../../weights/library.ts";
import { NoGpuError, UsageError } from "../../errors.ts";
import { DAWN, loadDawn } from "../../platform/mod.ts";
import {
  choiceOption,
  grouped,
  numberOption,
  type Option,
  type OptionValues,
  textOption,
} from "./arguments.ts";
import { checkModelLicence, resolveModel } from "../files/model_cache.ts";
import { statOrUndefined } from "../files/output_file.ts";
import { isRefusal } from "../terminal/permissions.ts";

const BYTES_PER_MEGABYTE = 1e6;

/** An option that takes a network and its share in the weights. */
function blendOption(spec: { value: string; help: string }): Option<Blend<string> | undefined> {
  return {
    ...spec,
    absent: undefined,
    read(text, flag) {
      const [, model, share] = /^(.+):(0|1|0?\.\d+|[01]\.\d*)$/.exec(text) ?? [];
      if (model !== undefined && Number(share) <= 1) return { model, amount: Number(share) };
      throw new UsageError(
        `Expected ${spec.value} with a share from 0 to 1 for ${flag} but received "${text}"`,
      );
    },
  };
}

/** Which WebGPU computes, for every subcommand that opens a device. */
export const BACKEND_OPTIONS = grouped("Memory and device", {
  backend: choiceOption({
    words: ["deno", "dawn"],
    help: "which WebGPU: Deno's own, or Dawn, fetched once (default: deno)",
  }),
});

/** The options. */
export const UPSCALER_OPTIONS = {
  ...grouped("Size", {
    scale: numberOption({
      short: "s",
      value: "S",
      unit: "x",
      ...SCALE_RANGE,
      help:
        `factor, whole or not, ${SCALE_RANGE.min} to ${SCALE_RANGE.max} (default: the network's own)`,
    }),
  }),
  ...grouped("Network", {
    model: textOption({
      value: "NAME|PATH|URL",
      help:
        "see tessera models; or bicubic, lanczos3, or a weights file (.safetensors, .pth); A,B: one after the other",
    }),
    blend: blendOption({
      value: "MODEL:SHARE",
      help: "mix in another network of the same shape, such as restore-x4:0.3",
    }),
  }),
  ...grouped("Damage", {
    denoise: numberOption({
      value: "D",
      words: ["auto"],
      min: 0,
      max: 1,
      help: "take away JPEG damage and noise; photo-x4 and fast-x4 (default: auto, as found)",
    }),
  }),
  ...grouped("Memory and device", {
    gpu: textOption({
      value: "high|low|NAME",
      help: "the faster adapter, the thriftier one, or one by a part of its name (default: high)",
    }),
    memory: numberOption({
      value: "MB",
      min: 16,
      max: 1048576,
      help: `GPU memory to use (default: ${DEFAULT_MEMORY / BYTES_PER_MEGABYTE})`,
    }),
    tile: numberOption({
      value: "N",
      words: ["auto"],
      min: 16,
      max: 16384,
      whole: true,
      help: "side of a tile in input pixels (default: auto, what memory allows)",
    }),
    halo: numberOption({
      value: "N",
      words: ["auto", "exact"],
      min: 0,
      max: 1024,
      whole: true,
      help: "input pixels around a tile; exact: no trace of tiles (default: auto)",
    }),
    ...BACKEND_OPTIONS,
    precision: choiceOption({
      words: ["auto", "f32", "f16"],
      help: "storage between layers (default: auto)",
    }),
  }),
  "licence-policy": choiceOption({
    value: "WHICH",
    words: LICENCE_POLICIES,
    help: "any, or commercial: refuses networks that may not be used so (default: any)",
  }),
};

/** Their values. */
export type UpscalerValues = OptionValues<typeof UPSCALER_OPTIONS>;

/** Returns the networks of `--model A,B`, which run one after the other; a file may have a comma in its name. */
export function modelsIn(model: string | undefined): (string | undefined)[] {
  if (!model?.includes(",") || /^https?:/.test(model) || statOrUndefined(model)?.isFile) {
    return [model];
  }
  return model.split(",").map((each) => each.trim());
}

/**
 * Returns how an upscaler, or an enhancer, is made; names of fetched networks have become files.
 *
 * @throws {UsageError} If a network is not on this machine.
 * @throws {ModelError} If its licence is ruled out.
 */
export async function enhancerOptionsOf(values: UpscalerValues): Promise<EnhancerOptions> {
  const { denoise, tile, halo, precision, memory, backend, "licence-policy": policy = "any" } =
    values;
  const models = modelsIn(values.model).map((model) => model && resolveModel(model));
  const [model, before] = [models.at(-1), models.slice(0, -1) as string[]];
  const blend = values.blend && { ...values.blend, model: resolveModel(values.blend.model) };
  for (const used of [...models, blend?.model]) {
    if (used !== undefined) await checkModelLicence(used, policy);
  }
  return {
    ...(model !== undefined && { model }),
    ...(before.length > 0 && { before }),
    ...(blend !== undefined && { blend }),
    ...(denoise !== undefined && { denoise }),
    ...(tile !== undefined && { tile }),
    ...(halo !== undefined && { halo }),
    ...(precision !== undefined && { precision }),
    ...(values.gpu !== undefined && { adapter: adapterOf(values.gpu) }),
    ...(memory !== undefined && { memory: memory * BYTES_PER_MEGABYTE }),
    ...await gpuOf(backend),
  };
}

/** Returns which adapter `--gpu` means. */
export function adapterOf(gpu: string | undefined): Pick<GpuOptions, "power" | "name"> {
  if (gpu === undefined) return {};
  if (gpu === "high") return { power: "high-performance" };
  return gpu === "low" ? { power: "low-power" } : { name: gpu };
}

/**
 * Returns the WebGPU that a backend stands for; nothing for the runtime's own.
 *
 * @throws {NoGpuError} If it cannot be had.
 */
export async function gpuOf(backend: "deno" | "dawn" | undefined): Promise<{ gpu?: GPU }> {
  if (backend !== "dawn") return {};
  try {
    return { gpu: await loadDawn() };
  } catch (error) {
    if (isRefusal(error)) throw error;
    const { message } = error as Error;
    throw new NoGpuError(`Dawn (npm:${DAWN}) cannot be loaded: ${message.split("\n")[0]}`);
  }
}

/** Makes the upscaler that the options describe; what helps its network is said apart. */
export async function createUpscaler(
  values: UpscalerValues,
  shared: Pick<UpscalerOptions, "device" | "detail"> & { denoise: number },
): Promise<Upscaler> {
  return await Upscaler.create({ ...await enhancerOptionsOf(values), ...shared });
}
