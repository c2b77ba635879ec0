/** How far RRDBNet's tiles look, apart from its reader: what is said of a plan does not need that. */

/**
 * Halo in input pixels: the whole receptive field (349 for 23 blocks) would multiply the work, and
 * what lies beyond this much changes a picture by 7 of 255 levels at most, as was measured.
 */
export const FAST_HALO = 32;
