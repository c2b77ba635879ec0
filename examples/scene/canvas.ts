/**
 * A canvas in linear light that fills shapes with antialiased edges.
 *
 * The share of each pixel that a shape covers is exact along x and sampled 8 times along y.
 */

/** Red, green and blue in linear light; 1 is the white of the screen, lamps are brighter. */
export type Colour = readonly [number, number, number];

/** One colour, or one for each pixel centre. */
export type Paint = Colour | ((x: number, y: number) => Colour);

/** A closed outline: x0, y0, x1, y1, ... */
export type Contour = readonly number[];

/** Outlines that are filled by the non-zero rule: opposite directions cut holes. */
export type Shape = readonly Contour[];

/** What becomes of bright light: bent below white, as on film, or kept up to white, as on a screen. */
export type Highlights = "bent" | "clipped";

/** Sample rows per pixel row. */
const SAMPLES = 8;

/** One side of a contour; `winding` is 1 downwards and -1 upwards. */
interface Edge {
  top: number;
  bottom: number;
  x: number;
  slope: number;
  winding: number;
}

/** Pixels in linear light, painted from back to front. */
export class Canvas {
  /** `[height][width][3]` */
  readonly pixels: Float32Array;
  /** `[height][width]`: what share of a pixel has been painted since `startMask()`. */
  mask: Float32Array | undefined;

  constructor(readonly width: number, readonly height: number) {
    this.pixels = new Float32Array(width * height * 3);
  }

  /** Begins to record what is painted. */
  startMask(): void {
    this.mask = new Float32Array(this.width * this.height);
  }

  /** Paints a shape over what is there. */
  fill(shape: Shape, paint: Paint, opacity: number | ((x: number, y: number) => number) = 1): void {
    const edges = edgesOf(shape);
    const top = Math.max(0, Math.floor(Math.min(...edges.map((edge) => edge.top))));
    const bottom = Math.min(this.height, Math.ceil(Math.max(...edges.map((edge) => edge.bottom))));
    const coverage = new Float32Array(this.width);
    for (let y = top; y < bottom; y++) {
      const near = edges.filter((edge) => edge.top < y + 1 && edge.bottom > y);
      const [from, to] = coverRow(near, y, coverage);
      for (let x = from; x < to; x++) {
        if (coverage[x] <= 0) continue;
        const share = typeof opacity === "number" ? opacity : opacity(x + 0.5, y + 0.5);
        this.#blend(x, y, paint, Math.min(1, coverage[x]) * share);
        coverage[x] = 0;
      }
    }
  }

  /** Adds light around a point, fading to nothing at `radius`. */
  glow(cx: number, cy: number, radius: number, [r, g, b]: Colour): void {
    const { width, height, pixels } = this;
    const [left, right] = [Math.max(0, Math.floor(cx - radius)), Math.min(width, cx + radius)];
    const [top, bottom] = [Math.max(0, Math.floor(cy - radius)), Math.min(height, cy + radius)];
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const distance = Math.hypot(x + 0.5 - cx, y + 0.5 - cy) / radius;
        if (distance >= 1) continue;
        const light = (1 - distance) ** 2 / (1 + 40 * distance * distance);
        const i = (y * width + x) * 3;
        pixels[i] += r * light;
        pixels[i + 1] += g * light;
        pixels[i + 2] += b * light;
      }
    }
  }

  /** Returns the canvas as 8-bit sRGB, `[height][width][3]`. */
  toBytes(highlights: Highlights): Uint8Array {
    const tone = highlights === "bent" ? shoulder : clip;
    return Uint8Array.from(this.pixels, (light) => Math.round(255 * encode(tone(light))));
  }

  /** Mixes the paint into one pixel. */
  #blend(x: number, y: number, paint: Paint, share: number): void {
    const colour = typeof paint === "function" ? paint(x + 0.5, y + 0.5) : paint;
    const pixel = y * this.width + x;
    for (let c = 0; c < 3; c++) {
      const i = pixel * 3 + c;
      this.pixels[i] += share * (colour[c] - this.pixels[i]);
    }
    if (this.mask) this.mask[pixel] += share * (1 - this.mask[pixel]);
  }
}

/** Lists the sides of all contours that are not level. */
function edgesOf(shape: Shape): Edge[] {
  const edges: Edge[] = [];
  for (const contour of shape) {
    for (let i = 0; i < contour.length; i += 2) {
      const [x0, y0] = [contour[i], contour[i + 1]];
      const j = (i + 2) % contour.length;
      const [x1, y1] = [contour[j], contour[j + 1]];
      if (y0 === y1) continue;
      const slope = (x1 - x0) / (y1 - y0);
      edges.push(
        y0 < y1
          ? { top: y0, bottom: y1, x: x0, slope, winding: 1 }
          : { top: y1, bottom: y0, x: x1, slope, winding: -1 },
      );
    }
  }
  return edges;
}

/** Adds to `coverage` what lies inside in pixel row `y`; returns the columns that it touched. */
function coverRow(edges: Edge[], y: number, coverage: Float32Array): [number, number] {
  let from = coverage.length;
  let to = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const row = y + (sample + 0.5) / SAMPLES;
    const crossings = edges
      .filter((edge) => edge.top <= row && edge.bottom > row)
      .map((edge) => ({ x: edge.x + (row - edge.top) * edge.slope, winding: edge.winding }))
      .sort((a, b) => a.x - b.x);
    let winding = 0;
    for (let i = 0; i + 1 < crossings.length; i++) {
      winding += crossings[i].winding;
      if (winding === 0) continue;
      const left = Math.max(0, crossings[i].x);
      const right = Math.min(coverage.length, crossings[i + 1].x);
      if (right <= left) continue;
      coverSpan(coverage, left, right);
      from = Math.min(from, Math.floor(left));
      to = Math.max(to, Math.ceil(right));
    }
  }
  return [from, to];
}

/** Adds one sample row from `left` to `right`, ends by their exact share. */
function coverSpan(coverage: Float32Array, left: number, right: number): void {
  const first = Math.floor(left);
  const last = Math.ceil(right) - 1;
  for (let x = first; x <= last; x++) coverage[x] += 1 / SAMPLES;
  coverage[first] -= (left - first) / SAMPLES;
  coverage[last] -= (last + 1 - right) / SAMPLES;
}

/** Bends highlights so that lamps keep their colour instead of clipping. */
function shoulder(light: number): number {
  const knee = 0.6;
  if (light <= knee) return Math.max(0, light);
  return knee + (1 - knee) * (1 - Math.exp(-(light - knee) / (1 - knee)));
}

/** Cuts off what is brighter than white. */
function clip(light: number): number {
  return Math.min(1, Math.max(0, light));
}

/** The sRGB curve, from linear light. */
function encode(light: number): number {
  return light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
}

/** Reads "#rrggbb" into linear light. */
export function hex(code: string): Colour {
  const channel = (i: number) => {
    const value = parseInt(code.slice(i, i + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

/** Mixes two colours: `t` = 0 is the first. */
export function mix(a: Colour, b: Colour, t: number): Colour {
  const s = Math.min(1, Math.max(0, t));
  return [a[0] + s * (b[0] - a[0]), a[1] + s * (b[1] - a[1]), a[2] + s * (b[2] - a[2])];
}

/** Scales a colour by a number, or by the light that falls on it. */
export function times(a: Colour, b: number | Colour): Colour {
  return typeof b === "number"
    ? [a[0] * b, a[1] * b, a[2] * b]
    : [a[0] * b[0], a[1] * b[1], a[2] * b[2]];
}
