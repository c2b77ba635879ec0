/** Marks of pixels: what is to be filled, what may not be copied, what is protected. */

/** A size in pixels. */
interface Size {
  width: number;
  height: number;
}

/** A rectangle in pixels. */
interface Region extends Size {
  x: number;
  y: number;
}

/** Marks of a picture's pixels: `[height][width]`, 1 where there is one, else 0. */
export interface Mask extends Size {
  data: Uint8Array;
}

/** Returns a mask without marks. */
export function emptyMask({ width, height }: Size): Mask {
  return { width, height, data: new Uint8Array(width * height) };
}

/** Marks a rectangle, as far as it lies in the picture. */
export function markRegion(mask: Mask, { x, y, width, height }: Region): void {
  const [left, right] = [x, x + width].map((at) => Math.min(mask.width, Math.max(0, at)));
  const [top, bottom] = [y, y + height].map((at) => Math.min(mask.height, Math.max(0, at)));
  for (let row = top; row < bottom; row++) {
    mask.data.fill(1, row * mask.width + left, row * mask.width + right);
  }
}

/** How many pixels are marked. */
export function countMarks({ data }: Mask): number {
  let count = 0;
  for (const mark of data) count += mark;
  return count;
}

/** Returns the marks, and all pixels that are at most `reach` pixels away along both axes. */
export function dilated({ width, height, data }: Mask, reach: number): Mask {
  const along = (from: Uint8Array, lines: number, length: number, step: number, next: number) => {
    const to = new Uint8Array(from.length);
    for (let line = 0; line < lines; line++) {
      let last = -Infinity;
      for (let i = 0; i < length + reach; i++) {
        if (i < length && from[line * next + i * step] === 1) last = i;
        if (i >= reach && i - last <= 2 * reach) to[line * next + (i - reach) * step] = 1;
      }
    }
    return to;
  };
  const wide = along(data, height, width, 1, width);
  return { width, height, data: along(wide, width, height, width, 1) };
}

/**
 * Shrinks a mask by a whole factor: a mark stands for all pixels in its place, of which one at least had
 * a mark. What lies beyond the edge has none.
 */
export function shrunkMask({ width, height, data }: Mask, factor: number): Mask {
  const small = emptyMask({ width: Math.ceil(width / factor), height: Math.ceil(height / factor) });
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / factor) * small.width;
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] === 1) small.data[row + Math.floor(x / factor)] = 1;
    }
  }
  return small;
}
