/**
 * What the network of the feature distance sees in a drawn picture, as JSON, for texture_test.ts. It is a
 * program of its own because the package that it loads shall not enter deno.lock.
 */

import { FeatureNetwork } from "../../bench/mobilenet.ts";
import type { Picture } from "../../src/pictures/picture.ts";

/** Values of the four feature maps for `plane`, half of it, and 1 - it, from TensorFlow.js 4.22.0. */
const TENSORFLOW: [index: number, value: number][][] = [
  [[14043, 2.1899], [22990, 1.867], [31915, 2.5282], [40851, 2.1729]],
  [[5294, 0.9559], [8617, 2.5646], [11968, 1.4219], [15344, 1.4262]],
  [[1755, 0.3427], [2872, 1.2345], [3989, 1.4525], [5119, 2.064]],
  [[1324, 1.3645], [2160, 0.8217], [2991, 0.3311], [3836, 1.8791]],
];

const network = await FeatureNetwork.load();

function wave(x: number, y: number): number {
  return (128 + 60 * Math.sin(x * (1 + x / 40) / 9) + 40 * Math.cos(y * 0.7)) / 255;
}

/** The wave in grey, with a part of its contrast. */
function grey(contrast: number): Picture {
  const side = 96;
  const data = Float32Array.from({ length: side ** 2 }, (_, i) => {
    return 0.5 + contrast * (wave(i % side, Math.floor(i / side)) - 0.5);
  });
  return { width: side, height: side, channels: 1, depth: 32, data, metadata: {} };
}

const plane = Float32Array.from({ length: 64 ** 2 }, (_, i) => wave(i % 64, Math.floor(i / 64)));
const data = new Float32Array([...plane, ...plane.map((v) => 0.5 * v), ...plane.map((v) => 1 - v)]);
const maps = network.maps({ channels: 3, width: 64, height: 64, data });
const differences = TENSORFLOW.flatMap((values, i) => {
  return values.map(([index, value]) => Math.abs(maps[i].data[index] - value));
});

// deno-lint-ignore no-console
console.log(JSON.stringify({
  shapes: maps.map(({ channels, width, height }) => [channels, width, height]),
  largest: Math.max(...differences),
  same: network.distance(grey(1), grey(1)),
  damaged: [0.9, 0.6, 0.2].map((contrast) => network.distance(grey(contrast), grey(1))),
}));
