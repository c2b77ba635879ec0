/**
 * The light of the evening: a blue sky over everything, and warm lamps close by.
 */

import { type Canvas, type Colour, hex, type Paint, times } from "../canvas.ts";

/** A lamp: its light falls off with the square of the distance in units of `reach`. */
export interface Lamp {
  x: number;
  y: number;
  reach: number;
  power: number;
}

const LAMP_COLOUR: Colour = hex("#ffb765");

/** All that shines on walls, pavement and leaves. */
export class Light {
  readonly lamps: Lamp[] = [];

  /** Returns the light that falls on a place. */
  at(x: number, y: number): Colour {
    const sky = 0.75 - 0.14 * (y / 2160);
    let [r, g, b] = [0.62 * sky, 0.69 * sky, 0.92 * sky];
    for (const lamp of this.lamps) {
      const squared = ((x - lamp.x) ** 2 + (y - lamp.y) ** 2) / lamp.reach ** 2;
      if (squared > 16) continue;
      const share = lamp.power * (1 / (1 + 3 * squared) - 1 / 49);
      r += LAMP_COLOUR[0] * share;
      g += LAMP_COLOUR[1] * share;
      b += LAMP_COLOUR[2] * share;
    }
    return [r, g, b];
  }

  /** Returns a paint as it looks in this light. */
  on(paint: Paint): Paint {
    return typeof paint === "function"
      ? (x, y) => times(paint(x, y), this.at(x, y))
      : (x, y) => times(paint, this.at(x, y));
  }

  /** Paints the halos of the lamps, in front of everything. */
  paintHalos(canvas: Canvas): void {
    for (const { x, y, reach, power } of this.lamps) {
      canvas.glow(x, y, reach * 0.9, times(LAMP_COLOUR, 0.55 * power));
      canvas.glow(x, y, reach * 0.12, times(LAMP_COLOUR, 2.5 * power));
    }
  }
}
