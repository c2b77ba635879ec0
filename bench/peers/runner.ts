/**
 * What the contest asks of a program that runs networks, and the picture that all of them get.
 */

import type { Network } from "../../src/networks/network.ts";
import type { Size } from "../../src/raster/size.ts";

/** A network, and where it came from. */
export interface Model {
  /** What `--model` names. */
  source: string;
  network: Network;
}

/** Eight-bit RGB, `[y][x][3]`. */
export interface TestPicture extends Size {
  samples: Uint8Array<ArrayBuffer>;
}

/** A program that can run any network. */
export interface Peer {
  /** For people: program, version, and what it computes with. */
  name: string;
  /** Makes everything ready for one network and one picture. */
  open(model: Model, picture: TestPicture): Promise<Runner>;
}

/** A network and a picture, ready to be run any number of times. */
export interface Runner {
  /** Runs the network once, from numbers in host memory to numbers in host memory. */
  run(): Promise<unknown>;
  /** Runs the network once and returns `[3][y][x]` in 0..1, clamped. */
  result(): Promise<Float32Array>;
  /** Gives everything back. */
  close(): Promise<void>;
}

/** Returns a picture of waves and noise, the same for the same size. */
export function testPicture({ width, height }: Size): TestPicture {
  let state = 1;
  const samples = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    const wave = Math.sin(x / 5 + i % 3) + Math.sin(y / 7);
    return 128 + 40 * wave + 80 * (state / 2 ** 32 - 0.5);
  });
  return { width, height, samples };
}

/** Turns samples `[y][x][3]` of 0..white into planes `[3][y][x]` of 0..1. */
export function toPlanes(samples: ArrayLike<number>, white: number): Float32Array {
  const area = samples.length / 3;
  const at = (i: number) => i % area * 3 + Math.floor(i / area);
  return Float32Array.from({ length: samples.length }, (_, i) => samples[at(i)] / white);
}
