/**
 * The CPU twin of the resampler, against arithmetic by hand and pictures that MATLAB has shrunk.
 */

import assert from "node:assert/strict";
import { decodePicture } from "../../src/pictures/mod.ts";
import type { Picture } from "../../src/pictures/picture.ts";
import { psnrY } from "../../src/quality/psnr.ts";
import { assertClose } from "../reference/compare.ts";
import { assertPicturesEqual } from "../reference/compare_pictures.ts";
import { toPicture, toTensor } from "../reference/pictures.ts";
import { withRandom } from "../reference/random.ts";
import { contributions, type Edge, type Kernel, resample } from "../reference/resample.ts";
import { hasShared, shared } from "../reference/shared.ts";
import { tensorOf } from "../reference/tensor.ts";

const KERNELS: Kernel[] = ["bicubic", "lanczos3", "triangle"];
const EDGES: Edge[] = ["mirror", "repeat"];

/** One high-resolution picture and what MATLAB's `imresize(picture, 1/4)` made of it. */
interface Pair {
  name: string;
  large: Picture;
  small: Picture;
}

/** Reads the pictures of a test set, in the order of their names. */
async function readPairs(set: string): Promise<Pair[]> {
  const names = [...Deno.readDirSync(shared(`images/${set}/`))].map((entry) => entry.name).sort();
  return await Promise.all(names.map(async (name) => {
    const read = async (path: string) => await decodePicture(await Deno.readFile(shared(path)));
    return {
      name: `${set} ${name.replace(".png", "")}`,
      large: await read(`images/${set}/${name}`),
      small: await read(`images/${set}_LRx4/${name.replace("HR", "LR")}`),
    };
  }));
}

Deno.test("contributions() of bicubic x2 are the cubic at a quarter and three quarters", () => {
  const { taps, indices, weights } = contributions(8, 16, 2, "bicubic");
  const used = (i: number) => {
    const pairs: [number, number][] = [];
    for (let t = i * taps; t < (i + 1) * taps; t++) {
      if (weights[t] !== 0) pairs.push([indices[t], weights[t]]);
    }
    return pairs;
  };
  const [far, near, nearer, farther] = [-0.0703125, 0.8671875, 0.2265625, -0.0234375];
  assert.deepEqual(used(5), [[1, far], [2, near], [3, nearer], [4, farther]]);
  assert.deepEqual(used(6), [[1, farther], [2, nearer], [3, near], [4, far]]);
  assert.deepEqual(used(0), [[1, farther], [0, nearer], [0, near], [1, far]]);
});

Deno.test("contributions() mirror or repeat what lies past the edge", () => {
  const indicesOf = (edge: Edge) => {
    const { taps, indices } = contributions(3, 1, 1 / 3, "triangle", true, edge);
    return [...indices.subarray(0, taps)];
  };
  assert.deepEqual(indicesOf("mirror"), [1, 0, 0, 1, 2, 2, 1, 0]);
  assert.deepEqual(indicesOf("repeat"), [0, 0, 0, 1, 2, 2, 2, 2]);
});

Deno.test("contributions() sum to 1 and stay inside, for any lengths", async () => {
  await withRandom((random) => {
    for (let round = 0; round < 200; round++) {
      const inLength = random.integer(1, 40);
      const outLength = random.integer(1, 80);
      const scale = outLength / inLength;
      const { taps, indices, weights } = contributions(
        inLength,
        outLength,
        scale,
        random.pick(KERNELS),
        random.pick([true, false]),
        random.pick(EDGES),
      );
      assert.ok(indices.every((index) => index >= 0 && index < inLength));
      for (let i = 0; i < outLength; i++) {
        const sum = weights.subarray(i * taps, (i + 1) * taps).reduce((a, b) => a + b, 0);
        assertClose([sum], [1], { atol: 1e-12, label: `${inLength} to ${outLength}, pixel ${i}` });
      }
    }
  });
});

Deno.test("resample() to the same size changes nothing", async () => {
  await withRandom((random) => {
    const input = tensorOf(2, 5, 7, () => random.uniform());
    for (const kernel of KERNELS) {
      assertClose(resample(input, 5, 7, { kernel }).data, input.data, { atol: 1e-12 });
    }
  });
});

Deno.test("resample() keeps a slope that runs over the whole picture", () => {
  const input = tensorOf(1, 40, 40, (_, y, x) => 3 * x - 2 * y);
  for (const kernel of ["bicubic", "triangle"] as const) {
    for (const [height, width] of [[93, 120], [17, 20], [160, 11]]) {
      const output = resample(input, height, width, { kernel });
      const [dy, dx] = [40 / height, 40 / width];
      const [y, x] = [Math.floor(height / 2), Math.floor(width / 2)];
      const expected = 3 * ((x + 0.5) * dx - 0.5) - 2 * ((y + 0.5) * dy - 0.5);
      const label = `${kernel} to ${width}x${height}`;
      assertClose([output.data[y * width + x]], [expected], { atol: 0.05, label });
    }
  }
});

Deno.test({
  name: "resample() shrinks Set5 and Set14 to exactly the pictures that MATLAB made",
  ignore: !hasShared("images/Set14_LRx4"),
  async fn() {
    for (
      const { name, large, small } of [...await readPairs("Set5"), ...await readPairs("Set14")]
    ) {
      assert.deepEqual([large.width, large.height], [4 * small.width, 4 * small.height], name);
      const options = { edge: "repeat", bytes: true } as const;
      const shrunk = toPicture(resample(toTensor(large), small.height, small.width, options));
      await assertPicturesEqual(shrunk, small, name);
    }
  },
});

Deno.test({
  name: "resample() enlarges Set5 fourfold to 28.42 dB, as published for bicubic",
  ignore: !hasShared("images/Set5_LRx4"),
  async fn() {
    let sum = 0;
    const pairs = await readPairs("Set5");
    for (const { large, small } of pairs) {
      const enlarged = toPicture(resample(toTensor(small), large.height, large.width));
      sum += psnrY(enlarged, large, 4);
    }
    assertClose([sum / pairs.length], [28.42], { atol: 0.02 });
  },
});
