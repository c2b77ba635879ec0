/**
 * Pictures side by side in one, so that they can be compared at 100 %.
 */

import { allocateSamples, type Picture, whiteOf } from "../../src/pictures/picture.ts";

/** Repeats every pixel `factor` times along both axes. */
export function repeatPixels(picture: Picture, factor: number): Picture {
  const { channels, depth } = picture;
  const [width, height] = [picture.width * factor, picture.height * factor];
  const data = allocateSamples(depth, width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    const x = Math.floor(pixel % width / factor);
    const y = Math.floor(Math.floor(pixel / width) / factor);
    data[i] = picture.data[(y * picture.width + x) * channels + i % channels];
  }
  return { ...picture, width, height, data };
}

/**
 * Puts pictures of one size and kind into rows of `columns`, with white gaps of `gap` pixels between
 * them.
 */
export function sideBySide(panels: Picture[], columns: number, gap: number): Picture {
  const [{ width, height, channels, depth }] = panels;
  const rows = Math.ceil(panels.length / columns);
  const wide = columns * (width + gap) - gap;
  const tall = rows * (height + gap) - gap;
  const data = allocateSamples(depth, wide * tall * channels).fill(whiteOf(depth));
  for (const [i, panel] of panels.entries()) {
    const left = (i % columns) * (width + gap);
    const top = Math.floor(i / columns) * (height + gap);
    for (let y = 0; y < height; y++) {
      const row = panel.data.subarray(y * width * channels, (y + 1) * width * channels);
      data.set(row, ((top + y) * wide + left) * channels);
    }
  }
  return { width: wide, height: tall, channels, depth, data, metadata: {} };
}
