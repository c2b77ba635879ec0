/** Faded prints: the levels of each channel stretched, gently. */

import { allocateSamples, hasAlpha, type Picture, whiteOf } from "../picture.ts";

/** The share of pixels that may lie beyond either end of the levels. */
const BEYOND = 0.005;

/** How much of the room at both ends is taken, and how much levels are stretched at most. */
const STRENGTH = 0.8;
const MOST_GAIN = 2;

/** Levels that are told apart. */
const BINS = 1024;

/**
 * Stretches the levels of each channel toward black and white, four fifths of the way, at most twice as
 * far apart as they were. As every channel has its own ends, a cast goes with the haze. Alpha stays.
 */
export function stretchTone(picture: Picture): Picture {
  const { channels, depth, data } = picture;
  const colours = hasAlpha(picture) ? channels - 1 : channels;
  const white = whiteOf(depth);
  const stretched = allocateSamples(depth, data.length);
  stretched.set(data);
  for (let c = 0; c < colours; c++) {
    const [low, high] = endsOf(picture, c);
    const to = [low * (1 - STRENGTH), white - (white - high) * (1 - STRENGTH)];
    const gain = Math.min(MOST_GAIN, (to[1] - to[0]) / Math.max(high - low, white / BINS));
    // Where the gain is limited, the middle of the levels goes to the middle of what was wanted.
    const shift = (to[0] + to[1]) / 2 - gain * (low + high) / 2;
    for (let i = c; i < data.length; i += channels) {
      const value = Math.min(white, Math.max(0, gain * data[i] + shift));
      stretched[i] = depth === 32 ? value : Math.round(value);
    }
  }
  return { ...picture, data: stretched };
}

/** The levels between which all but a few of a channel's samples lie. */
function endsOf({ channels, depth, data }: Picture, channel: number): [low: number, high: number] {
  const white = whiteOf(depth);
  const counts = new Uint32Array(BINS);
  for (let i = channel; i < data.length; i += channels) {
    counts[Math.min(BINS - 1, Math.max(0, Math.floor(data[i] / white * BINS)))]++;
  }
  const most = BEYOND * data.length / channels;
  const beyond = (bins: Uint32Array) => {
    let sum = 0;
    const found = bins.findIndex((count) => (sum += count) > most);
    return found * white / BINS;
  };
  return [beyond(counts), white - beyond(counts.toReversed())];
}
