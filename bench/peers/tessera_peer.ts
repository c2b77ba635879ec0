/**
 * Tessera, run as its users run it: a picture in memory becomes a picture in memory.
 */

import { VERSION } from "../../src/version.ts";
import type { Gpu } from "../../src/gpu/device.ts";
import { type Picture, type Samples, whiteOf } from "../../src/pictures/picture.ts";
import { Upscaler } from "../../src/upscaler.ts";
import { type Peer, type TestPicture, toPlanes } from "./runner.ts";

/** The others do nothing else. */
const NETWORK_ALONE = { mode: "network" } as const;

/** Tessera on a device, with f32 throughout. */
export function tesseraPeer(gpu: Gpu): Peer {
  return {
    name: `Tessera ${VERSION}, WebGPU`,
    async open({ source }, picture) {
      const upscaler = await Upscaler.create({ model: source, device: gpu, precision: "f32" });
      const small = withDepth(picture, 8, picture.samples);
      // Eight bits are too coarse to see a difference of 1e-3.
      const fine = withDepth(picture, 16, Uint16Array.from(picture.samples, (s) => s * 257));
      return {
        run: () => upscaler.upscale(small, NETWORK_ALONE),
        result: async () => {
          return toPlanes((await upscaler.upscale(fine, NETWORK_ALONE)).data, whiteOf(16));
        },
        close: () => Promise.resolve(upscaler.destroy()),
      };
    },
  };
}

function withDepth({ width, height }: TestPicture, depth: 8 | 16, data: Samples): Picture {
  return { width, height, channels: 3, depth, data, metadata: {} };
}
