/**
 * What `src/inspect/faces.ts` makes of a detector's answers. The detector here is a stand-in that finds
 * dark boxes; the real one is tried in `tests/cli/inspect_cli_test.ts`.
 */

import assert from "node:assert/strict";
import {
  describeFaces,
  type Face,
  findFaces,
  isPortrait,
  type RgbPixels,
} from "../../src/inspect/mod.ts";
import type { Picture } from "../../src/pictures/mod.ts";

/** White, with a black box. */
function withBox(
  width: number,
  height: number,
  box: Omit<Face, "score">,
  channels: 1 | 3 = 1,
): Picture {
  const data = new Uint8Array(width * height * channels).fill(255);
  for (let y = box.y; y < box.y + box.height; y++) {
    const from = (y * width + box.x) * channels;
    data.fill(0, from, from + box.width * channels);
  }
  return { width, height, channels, depth: 8, data, metadata: {} };
}

/** The box around all dark pixels. */
const DARKNESS = {
  detect({ width, height, data }: RgbPixels): Promise<Face[]> {
    assert.equal(data.length, width * height * 3);
    assert.ok(Math.max(width, height) <= 1024, `${width} x ${height}`);
    let [x, y, right, bottom] = [width, height, 0, 0];
    for (let i = 0; i < width * height; i++) {
      if (data[3 * i] >= 128 || data[3 * i + 1] >= 128 || data[3 * i + 2] >= 128) continue;
      const [column, row] = [i % width, Math.floor(i / width)];
      [x, y] = [Math.min(x, column), Math.min(y, row)];
      [right, bottom] = [Math.max(right, column + 1), Math.max(bottom, row + 1)];
    }
    return Promise.resolve([{ x, y, width: right - x, height: bottom - y, score: 0.75 }]);
  },
};

Deno.test("findFaces() gives boxes in the picture's own pixels, whatever its size and channels", async () => {
  const box = { x: 8, y: 16, width: 40, height: 24 };
  for (const channels of [1, 3] as const) {
    const found = await findFaces(withBox(64, 50, box, channels), DARKNESS);
    assert.deepEqual(found, [{ ...box, score: 0.75 }]);
  }
  const large = { x: 200, y: 400, width: 800, height: 1000 };
  assert.deepEqual(await findFaces(withBox(1536, 2048, large), DARKNESS), [
    { ...large, score: 0.75 },
  ]);
});

Deno.test("findFaces() takes rows as it takes the whole, and 16 bits and floats as 8", async () => {
  const box = { x: 100, y: 60, width: 300, height: 200 };
  const picture = withBox(1500, 700, box);
  const whole = await findFaces(picture, DARKNESS);
  const { data, ...header } = picture;
  async function* rows() {
    for (let at = 0; at < data.length; at += 1500 * 70) {
      yield await Promise.resolve(data.subarray(at, at + 1500 * 70));
    }
  }
  assert.deepEqual(await findFaces({ ...header, rows: rows() }, DARKNESS), whole);
  const deep = { ...picture, depth: 16 as const, data: Uint16Array.from(data, (v) => v * 257) };
  assert.deepEqual(await findFaces(deep, DARKNESS), whole);
  const float = { ...picture, depth: 32 as const, data: Float32Array.from(data, (v) => v / 255) };
  assert.deepEqual(await findFaces(float, DARKNESS), whole);
});

Deno.test("what is transparent is white, not the colour under it", async () => {
  const picture = withBox(40, 40, { x: 0, y: 0, width: 40, height: 40 });
  const data = new Uint8Array(40 * 40 * 2);
  for (let i = 1; i < data.length; i += 2) data[i] = i < data.length / 2 ? 0 : 255;
  const [face] = await findFaces({ ...picture, channels: 2, data }, DARKNESS);
  assert.deepEqual([face.y, face.height], [20, 20]);
});

Deno.test("findFaces() keeps boxes within the picture, drops empty ones, the highest first", async () => {
  const boxes = [
    { x: 50, y: 50, width: 10, height: 12, score: 0.6 },
    { x: -5, y: -7, width: 30, height: 40, score: 0.9 },
    { x: 90, y: 95, width: 20, height: 30, score: 0.8 },
    { x: 10, y: -20, width: 10, height: 15, score: 0.5 },
  ];
  const detector = { detect: () => Promise.resolve(boxes) };
  const found = await findFaces(withBox(100, 100, boxes[0]), detector);
  assert.deepEqual(found, [
    { x: 0, y: 0, width: 25, height: 33, score: 0.9 },
    { x: 50, y: 50, width: 10, height: 12, score: 0.6 },
    { x: 90, y: 95, width: 10, height: 5, score: 0.8 },
  ]);
});

Deno.test("heights are told, under 100 pixels with a warning; from a third on it is a portrait", () => {
  const faces = [300, 100, 99].map((height) => ({ x: 0, y: 0, width: 9, height, score: 1 }));
  const warning = "; under 100 pixels features will be guessed";
  assert.equal(describeFaces(faces), `3, 300, 100 and 99 pixels high${warning}`);
  assert.equal(describeFaces(faces.slice(0, 2)), "2, 300 and 100 pixels high");
  assert.equal(describeFaces([]), "none found");
  assert.deepEqual([isPortrait(faces, 900), isPortrait(faces, 901)], [true, false]);
  assert.equal(isPortrait([], 900), false);
});
