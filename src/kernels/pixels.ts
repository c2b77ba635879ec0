/**
 * Pixels to activations and back: host side of `wgsl/pixels_in.wgsl` and `wgsl/pixels_out.wgsl`.
 */

import {
  pixelsIn as pixelsInBody,
  pixelsOut as pixelsOutBody,
  readPixel,
  writePixel,
} from "../wgsl/sources.ts";
import { specialise } from "../gpu/specialise.ts";
import type { Depth } from "../pictures/picture.ts";
import { type Dispatch, paramWords, type Shader, shaderOf } from "./dispatch.ts";
import { indexOf, type Layout, outputWords } from "./layout.ts";
import { activations, quadsOf } from "./prelude.ts";

/** A picture in a buffer, row after row. */
export interface PixelLayout {
  width: number;
  height: number;
  depth: Depth;
}

/** What is done to pixels on their way in, as `InputOperation` has it. */
export interface PixelsIn {
  /** Pixel-unshuffle factor. */
  factor: number;
  mean?: readonly [number, number, number];
}

/**
 * Plans the way in: RGB in 0..1 less the mean, with pixel unshuffle; bindings: pixels, output.
 *
 * @throws {RangeError} If the output does not have 3 * factor^2 channels or another size.
 */
export function pixelsIn(pixels: PixelLayout, how: PixelsIn, output: Layout): Dispatch {
  const { factor, mean = [0, 0, 0] } = how;
  if (output.channels !== 3 * factor * factor) {
    throw new RangeError(
      `Unshuffling by ${factor} gives ${
        3 * factor * factor
      } channels but the tensor has ${output.channels}`,
    );
  }
  if (output.width * factor !== pixels.width || output.height * factor !== pixels.height) {
    throw new RangeError(
      `${pixels.width}x${pixels.height} pixels do not give ${output.width}x${output.height} by ${factor}`,
    );
  }
  return {
    shader: pixelsInShader(output.storage, pixels.depth),
    params: paramWords([
      pixels.width,
      ...outputWords(output),
      factor,
      ...mean.map((f32) => ({ f32 })),
    ]),
    workgroups: [
      Math.ceil(output.width / 8),
      Math.ceil(output.height / 8),
      // A chunk is filled up with zeros: its buffer may have held another tensor.
      output.storage === "matrix" ? output.quads : Math.ceil(output.channels / 4),
    ],
    flop: 0,
  };
}

/** A rectangle of the result, in output pixels of the window that the tensor covers. */
export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * Plans the way out: pixel shuffle by `factor`, plus the nearest-enlarged source when `base`, clamped
 * and rounded; bindings: input, pixels, the
 * count of pixels that are no finite numbers (added to), output.
 *
 * @throws {RangeError} If the input does not have 3 * factor^2 channels or the rectangle is outside.
 */
export function pixelsOut(
  input: Layout,
  factor: number,
  base: PixelLayout | undefined,
  rectangle: Rectangle,
  depth: Depth,
): Dispatch {
  if (input.channels !== 3 * factor * factor) {
    throw new RangeError(
      `Shuffling by ${factor} needs ${
        3 * factor * factor
      } channels but the tensor has ${input.channels}`,
    );
  }
  const { x, y, width, height } = rectangle;
  if (x + width > input.width * factor || y + height > input.height * factor) {
    throw new RangeError(
      `The rectangle ${width}x${height} at (${x}, ${y}) is not inside ` +
        `${input.width * factor}x${input.height * factor} pixels`,
    );
  }
  return {
    shader: pixelsOutShader(input.storage, base?.depth, depth),
    params: paramWords([
      indexOf(input, 0, 0),
      input.pitch,
      input.plane,
      factor,
      x,
      y,
      width,
      height,
      base?.width ?? 0,
    ]),
    workgroups: [Math.ceil(width / 8), Math.ceil(height / 8), 1],
    flop: 0,
  };
}

function pixelsInShader(storage: Layout["storage"], depth: Depth): Shader {
  return shaderOf(
    `pixels_in ${storage} ${depth}-bit`,
    () => {
      const text = activations(storage) + quadsOf(storage) + readPixel + pixelsInBody;
      return specialise(text, { SOURCE_DEPTH: depth });
    },
  );
}

function pixelsOutShader(
  storage: Layout["storage"],
  base: Depth | undefined,
  depth: Depth,
): Shader {
  const label = `pixels_out ${storage} ${depth}-bit${base === undefined ? "" : ` on ${base}-bit`}`;
  return shaderOf(
    label,
    () =>
      specialise(activations(storage) + quadsOf(storage) + readPixel + writePixel + pixelsOutBody, {
        DEPTH: depth,
        SOURCE_DEPTH: base ?? 8,
        BASE: base === undefined ? 0 : 1,
      }),
  );
}
