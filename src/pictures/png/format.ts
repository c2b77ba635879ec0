/**
 * The facts of the PNG format that its reader and writer share.
 */

/** The eight bytes that begin every PNG file. */
export const PNG_SIGNATURE: Uint8Array = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);

/** Colour types by name. */
export const COLOUR = { grey: 0, rgb: 2, palette: 3, greyAlpha: 4, rgba: 6 } as const;

/** Samples per stored pixel and the allowed bits per sample, by colour type. */
export const LAYOUTS: ReadonlyMap<number, { samples: number; depths: readonly number[] }> = new Map(
  [
    [COLOUR.grey, { samples: 1, depths: [1, 2, 4, 8, 16] }],
    [COLOUR.rgb, { samples: 3, depths: [8, 16] }],
    [COLOUR.palette, { samples: 1, depths: [1, 2, 4, 8] }],
    [COLOUR.greyAlpha, { samples: 2, depths: [8, 16] }],
    [COLOUR.rgba, { samples: 4, depths: [8, 16] }],
  ],
);

/** The keyword under which an XMP packet is kept. */
export const XMP_KEYWORD = "XML:com.adobe.xmp";

/** The keyword under which IPTC is kept, as text: a habit of programs, not of the standard. */
export const IPTC_KEYWORD = "Raw profile type iptc";

/** The largest width and height, and the longest chunk. */
export const PNG_MAX = 2 ** 31 - 1;

/** The Paeth predictor: whichever of left, above and upper left is nearest to left + above - upper left. */
export function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
