/**
 * Targets: what words mean, exact sizes on awkward pictures, crops, details, padding, and the choice of
 * networks. All of it without a device.
 */

import assert from "node:assert/strict";
import { UsageError } from "../../src/errors.ts";
import {
  allocateSamples,
  type Depth,
  type Picture,
  type Samples,
  whiteOf,
} from "../../src/pictures/picture.ts";
import { aimAt, resultOf } from "../../src/enhance/aim.ts";
import { targetRequestOf } from "../../src/enhance/options.ts";
import { readExifDensity, withExifDensity } from "../../src/pictures/metadata/exif.ts";
import { gatherRows } from "../../src/pictures/rows.ts";
import { BACKDROP_SIDE } from "../../src/targets/backdrop.ts";
import { cropPicture, cropRows } from "../../src/targets/crop.ts";
import { DETAIL_SIDE, mostDetailed } from "../../src/targets/detail.ts";
import { anchorOf, GRAVITIES } from "../../src/targets/gravity.ts";
import { type Padding, padRows } from "../../src/targets/padding.ts";
import { FITS, planTarget } from "../../src/targets/plan.ts";
import { parseTarget, SCREENS, type Target } from "../../src/targets/target.ts";
import { thumbnailOf } from "../../src/targets/thumbnail.ts";
import { chooseFactors, MOST_STRETCH, planSteps } from "../../src/tiles/factors.ts";
import type { Size } from "../../src/raster/size.ts";
import type { Region } from "../../src/raster/size.ts";
import { type Random, withRandom } from "../reference/random.ts";

const AWKWARD_SIZES: [width: number, height: number][] = [
  [1, 1],
  [1, 2],
  [2, 1],
  [7, 5],
  [800, 533],
  [801, 600],
  [600, 801],
  [1023, 1],
  [1, 1023],
  [12000, 37],
  [37, 12000],
  [1920, 1080],
  [1921, 1080],
];

const SIZED_TARGETS: Size[] = [
  ...Object.values(SCREENS),
  { width: 1, height: 1 },
  { width: 1, height: 999 },
  { width: 333, height: 334 },
];

const CENTRE = anchorOf("centre");

/** A picture of random samples. */
function randomPicture(
  random: Random,
  width: number,
  height: number,
  channels: Picture["channels"] = 3,
  depth: Depth = 8,
): Picture {
  const data = allocateSamples(depth, width * height * channels);
  for (let i = 0; i < data.length; i++) {
    data[i] = depth === 32 ? random.uniform() : random.integer(0, whiteOf(depth));
  }
  return { width, height, channels, depth, data, metadata: {} };
}

function greyOf(width: number, height: number): Picture {
  const data = new Uint8Array(width * height).fill(128);
  return { width, height, channels: 1, depth: 8, data, metadata: {} };
}

/** The picture's rows in bands of random heights, all in the same memory. */
function* randomBands(picture: Picture, random: Random): Generator<Samples> {
  const perRow = picture.width * picture.channels;
  const memory = allocateSamples(picture.depth, picture.data.length);
  for (let y = 0; y < picture.height;) {
    const rows = random.integer(1, Math.min(5, picture.height - y));
    const band = memory.subarray(0, rows * perRow);
    band.set(picture.data.subarray(y * perRow, (y + rows) * perRow));
    yield band;
    memory.fill(0);
    y += rows;
  }
}

function padded(
  picture: Picture,
  canvas: Region,
  padding: Padding,
  rows: Iterable<Samples> = [picture.data],
): Promise<Picture> {
  const { data: _, ...header } = picture;
  return gatherRows(padRows(header, rows, canvas, padding));
}

/** The samples of one pixel. */
function pixel({ width, channels, data }: Picture, x: number, y: number): number[] {
  const at = (y * width + x) * channels;
  return [...data.subarray(at, at + channels)];
}

Deno.test("parseTarget() knows screens, sizes, single sides and megapixels", () => {
  for (const [name, size] of Object.entries(SCREENS)) {
    assert.deepEqual(parseTarget(name.toUpperCase()), { kind: "size", ...size });
  }
  assert.deepEqual(parseTarget("320x180"), { kind: "size", width: 320, height: 180 });
  assert.deepEqual(parseTarget("320x"), { kind: "width", width: 320 });
  assert.deepEqual(parseTarget("x180"), { kind: "height", height: 180 });
  assert.deepEqual(parseTarget("0.5mp"), { kind: "pixels", pixels: 500000 });
  assert.deepEqual(parseTarget("50MP"), { kind: "pixels", pixels: 50e6 });
  const same = { uhd: "4k", "2160p": "4k", "1080p": "fhd", "2k": "qhd", "1440P": "qhd" };
  for (const [other, name] of Object.entries(same)) {
    assert.deepEqual(parseTarget(other), parseTarget(name));
  }
});

Deno.test("parseTarget() reads prints in their units, 300 dots per inch unless they say", () => {
  const prints: [text: string, width: number, height: number, dpi: number][] = [
    ["print:13x18cm", 1535, 2126, 300],
    ["print:13x18cm@300dpi", 1535, 2126, 300],
    ["PRINT:130x180MM@150", 768, 1063, 150],
    ["print:8x10in@240dpi", 1920, 2400, 240],
    ["print:2.5x3.5in", 750, 1050, 300],
  ];
  for (const [text, width, height, dpi] of prints) {
    const target = parseTarget(text);
    assert.ok(target.kind === "print");
    assert.deepEqual([target.width, target.height], [width, height], text);
    assert.ok(Math.abs(target.perMetre * 0.0254 - dpi) < 1e-9);
  }
  for (const text of ["print:", "print:13x18", "print:13x18cm@", "print:0x1cm", "print:1x1cm@0"]) {
    assert.throws(() => parseTarget(text), { name: "UsageError" }, text);
  }
});

Deno.test("a print turns with the picture and tells its density, in EXIF as well", async () => {
  const exif = withExifDensity(undefined, { x: 1000, y: 1000 });
  const tall = { ...greyOf(90, 130), metadata: { exif } };
  const request = targetRequestOf({ to: "print:2x1cm@254dpi" }, 4);
  const aim = await aimAt(request, tall);
  assert.deepEqual([aim.width, aim.height], [100, 200]);
  const { metadata } = resultOf(tall, aim);
  assert.deepEqual(metadata.density, { x: 10000, y: 10000 });
  assert.deepEqual(readExifDensity(metadata.exif!), { x: 10000, y: 10000 });
  const wide = await aimAt(request, greyOf(130, 90));
  assert.deepEqual([wide.width, wide.height], [200, 100]);
});

Deno.test("parseTarget() refuses anything else, with what it received", () => {
  for (
    const text of ["", "x", "16k", "4 k", "0x5", "5x0", "-1x5", "1.5x2", "mp", "0mp", "toString"]
  ) {
    assert.throws(
      () => parseTarget(text),
      (error) => error instanceof UsageError && error.message.includes(`received "${text}"`),
      text,
    );
  }
  assert.throws(() => parseTarget("99999999x1"), /from 1 to 1048576 pixels/);
});

Deno.test("cover, contain and exact give the very size, inside at most that", () => {
  for (const [width, height] of AWKWARD_SIZES) {
    for (const wanted of SIZED_TARGETS) {
      for (const fit of FITS) {
        for (const gravity of GRAVITIES) {
          const picture = { width, height };
          const name = `${fit} ${gravity}: ${width}x${height} to ${wanted.width}x${wanted.height}`;
          const plan = planTarget(picture, { kind: "size", ...wanted }, fit, anchorOf(gravity));
          checkInside(plan.crop, picture, name);
          checkInside(
            { ...plan.canvas, width: plan.width, height: plan.height },
            plan.canvas,
            name,
          );
          if (fit !== "inside") {
            assert.equal(plan.canvas.width, wanted.width, name);
            assert.equal(plan.canvas.height, wanted.height, name);
          } else {
            assert.ok(plan.width <= wanted.width && plan.height <= wanted.height, name);
            assert.ok(plan.width === wanted.width || plan.height === wanted.height, name);
          }
        }
      }
    }
  }
});

function checkInside(region: Region, bounds: Size, name: string): void {
  const { x, y, width, height } = region;
  assert.ok([x, y, width, height].every(Number.isInteger), name);
  assert.ok(x >= 0 && y >= 0 && width >= 1 && height >= 1, name);
  assert.ok(x + width <= bounds.width && y + height <= bounds.height, name);
}

Deno.test("a crop for cover is the largest, and within half a pixel of the proportions", () => {
  for (const [width, height] of AWKWARD_SIZES) {
    for (const wanted of SIZED_TARGETS) {
      const { crop } = planTarget({ width, height }, { kind: "size", ...wanted }, "cover", CENTRE);
      const idealHeight = width * wanted.height / wanted.width;
      const idealWidth = height * wanted.width / wanted.height;
      if (crop.width === width && crop.height !== height) {
        assert.ok(crop.height === 1 || Math.abs(crop.height - idealHeight) <= 0.5);
      } else {
        assert.equal(crop.height, height);
        assert.ok(crop.width === 1 || Math.abs(crop.width - idealWidth) <= 0.5);
      }
    }
  }
});

Deno.test("gravity says which part cover keeps, and where contain puts the picture", () => {
  const wide = { kind: "size", width: 200, height: 100 } as const;
  const portrait = { width: 100, height: 150 };
  const cropY = (gravity: typeof GRAVITIES[number]) =>
    planTarget(portrait, wide, "cover", anchorOf(gravity)).crop.y;
  assert.deepEqual([cropY("top"), cropY("centre"), cropY("bottom-left")], [0, 50, 100]);
  const canvasX = (gravity: typeof GRAVITIES[number]) =>
    planTarget(portrait, wide, "contain", anchorOf(gravity)).canvas.x;
  assert.deepEqual([canvasX("left"), canvasX("top"), canvasX("bottom-right")], [0, 67, 133]);
});

Deno.test("targets of one side, megapixels or a factor keep the proportions under every fit", () => {
  const picture = { width: 800, height: 533 };
  const cases: [target: Target, width: number, height: number][] = [
    [{ kind: "width", width: 3840 }, 3840, 2558],
    [{ kind: "height", height: 2160 }, 3242, 2160],
    [{ kind: "pixels", pixels: 50e6 }, 8663, 5772],
    [{ kind: "factor", factor: 2.5 }, 2000, 1333],
  ];
  for (const [target, width, height] of cases) {
    for (const fit of FITS) {
      const plan = planTarget(picture, target, fit, CENTRE);
      assert.deepEqual(plan.canvas, { x: 0, y: 0, width, height });
      assert.deepEqual([plan.width, plan.height], [width, height]);
      assert.deepEqual(plan.crop, { x: 0, y: 0, ...picture });
    }
  }
});

Deno.test("cropRows() gives the same pixels as cropPicture(), however the rows come", () =>
  withRandom(async (random) => {
    for (const depth of [8, 16, 32] as const) {
      for (const channels of [1, 2, 3, 4] as const) {
        const picture = randomPicture(random, 23, 17, channels, depth);
        const x = random.integer(0, 22);
        const y = random.integer(0, 16);
        const region = {
          x,
          y,
          width: random.integer(1, 23 - x),
          height: random.integer(1, 17 - y),
        };
        const whole = cropPicture(picture, region);
        const rows = cropRows(picture, randomBands(picture, random), region);
        assert.deepEqual((await gatherRows({ ...whole, rows })).data, whole.data);
        const at = { x: random.integer(1, region.width) - 1, y: region.height - 1 };
        assert.deepEqual(pixel(whole, at.x, at.y), pixel(picture, x + at.x, y + at.y));
      }
    }
  }));

Deno.test("thumbnailOf() averages, colours by their alpha, and is the same for rows", () =>
  withRandom(async (random) => {
    const flat = randomPicture(random, 40, 30, 3, 16);
    flat.data.fill(13107);
    const copy = await thumbnailOf(flat, [flat.data], 7);
    assert.deepEqual([copy.width, copy.height, copy.depth], [7, 5, 32]);
    assert.ok(copy.data.every((value) => Math.abs(value - 0.2) < 1e-6));
    const half: Picture = {
      ...{ width: 2, height: 1, channels: 2, depth: 8, metadata: {} },
      data: Uint8Array.of(255, 0, 51, 255),
    };
    const mean = await thumbnailOf(half, [half.data], 1);
    assert.deepEqual([...mean.data].map((value) => Number(value.toFixed(6))), [0.2, 0.5]);
    const picture = randomPicture(random, 61, 47, 4);
    const inRows = await thumbnailOf(picture, randomBands(picture, random), 16);
    assert.deepEqual(inRows, await thumbnailOf(picture, [picture.data], 16));
  }));

Deno.test("mostDetailed() finds a detailed corner, and the middle where all is alike", () =>
  withRandom(async (random) => {
    const corners = [[0, 0], [1, 0], [0, 1], [1, 1]];
    for (const [right, low] of corners) {
      const picture = randomPicture(random, 300, 200);
      picture.data.fill(128);
      for (let y = 0; y < 60; y++) {
        for (let x = 0; x < 90; x++) {
          const at = ((y + low * 140) * 300 + x + right * 210) * 3;
          picture.data.fill(((x >> 2) + (y >> 2)) % 2 * 200, at, at + 3);
        }
      }
      const copy = await thumbnailOf(picture, [picture.data], DETAIL_SIDE);
      const anchor = mostDetailed(copy, { width: 0.5, height: 0.5 });
      const [x, y] = [anchor.x * 150, anchor.y * 100];
      assert.ok(x <= right * 210 && x + 150 >= right * 210 + 90, `x ${x} misses corner ${right}`);
      assert.ok(y <= low * 140 && y + 100 >= low * 140 + 60, `y ${y} misses corner ${low}`);
      picture.data.fill(7);
      const flat = await thumbnailOf(picture, [picture.data], DETAIL_SIDE);
      const middle = mostDetailed(flat, { width: 0.3, height: 1 });
      assert.ok(middle.y === 0.5 && Math.abs(middle.x - 0.5) < 1 / DETAIL_SIDE);
    }
  }));

Deno.test("mostDetailed() does not look at what is transparent", async () => {
  const data = new Uint8Array(64 * 16 * 2).fill(100);
  for (let i = 0; i < data.length; i += 2) {
    const x = i / 2 % 64;
    if (x < 16) data[i] = x % 4 < 2 ? 255 : 0;
    data[i + 1] = x < 24 ? 0 : 255;
    if (x >= 48) data[i] = x % 4 < 2 ? 110 : 100;
  }
  const picture: Picture = { width: 64, height: 16, channels: 2, depth: 8, data, metadata: {} };
  const copy = await thumbnailOf(picture, [data], DETAIL_SIDE);
  assert.ok(mostDetailed(copy, { width: 0.3, height: 1 }).x > 0.9);
});

Deno.test("padRows() keeps the picture's pixels, and paints around them", () =>
  withRandom(async (random) => {
    for (const depth of [8, 16, 32] as const) {
      for (const channels of [1, 2, 3, 4] as const) {
        const picture = randomPicture(random, 9, 6, channels, depth);
        const copy = await thumbnailOf(picture, [picture.data], BACKDROP_SIDE);
        for (
          const canvas of [
            { x: 3, y: 0, width: 16, height: 6 },
            { x: 0, y: 4, width: 9, height: 11 },
            { x: 20, y: 0, width: 40, height: 6 },
            { x: 0, y: 0, width: 9, height: 31 },
          ]
        ) {
          for (const kind of ["colour", "transparent", "mirror", "blur"] as const) {
            if (kind === "transparent" && channels % 2 === 1) continue;
            const padding: Padding = kind === "blur"
              ? { kind, copy }
              : kind === "colour"
              ? { kind, colour: [51, 51, 51] }
              : { kind };
            const whole = await padded(picture, canvas, padding);
            const streamed = await padded(picture, canvas, padding, randomBands(picture, random));
            assert.deepEqual(streamed.data, whole.data, `${kind} in rows`);
            assert.deepEqual([whole.width, whole.height], [canvas.width, canvas.height]);
            const inside = { ...canvas, width: 9, height: 6 };
            assert.deepEqual(cropPicture(whole, inside).data, picture.data, kind);
          }
        }
      }
    }
  }));

Deno.test("padRows() pads with the colour, which makes grey pictures RGB where it is none", () =>
  withRandom(async (random) => {
    const canvas = { x: 0, y: 2, width: 3, height: 6 };
    const on = (channels: Picture["channels"], depth: Depth, colour: [number, number, number]) =>
      padded(randomPicture(random, 3, 2, channels, depth), canvas, { kind: "colour", colour });
    assert.deepEqual(pixel(await on(3, 8, [1, 2, 3]), 2, 1), [1, 2, 3]);
    assert.deepEqual(pixel(await on(3, 16, [1, 2, 255]), 0, 5), [257, 514, 65535]);
    assert.deepEqual(pixel(await on(4, 8, [1, 2, 3]), 0, 0), [1, 2, 3, 255]);
    assert.deepEqual(pixel(await on(1, 8, [9, 9, 9]), 0, 0), [9]);
    assert.deepEqual(pixel(await on(1, 8, [9, 9, 8]), 0, 0), [9, 9, 8]);
    assert.deepEqual(pixel(await on(2, 16, [9, 9, 8]), 0, 5), [2313, 2313, 2056, 65535]);
    const grey = randomPicture(random, 3, 2, 2);
    const coloured = await padded(grey, canvas, { kind: "colour", colour: [255, 0, 0] });
    const [value, alpha] = pixel(grey, 1, 1);
    assert.deepEqual(pixel(coloured, 1, 3), [value, value, value, alpha]);
    const nothing = await padded(grey, canvas, { kind: "transparent" });
    assert.deepEqual(pixel(nothing, 0, 0), [0, 0]);
  }));

Deno.test("padRows() mirrors the edges, again where the padding is wider than the picture", async () => {
  const row: Picture = {
    ...{ width: 3, height: 1, channels: 1, depth: 8, metadata: {} },
    data: Uint8Array.of(1, 2, 3),
  };
  const wide = await padded(row, { x: 4, y: 0, width: 12, height: 1 }, { kind: "mirror" });
  assert.deepEqual([...wide.data], [3, 3, 2, 1, 1, 2, 3, 3, 2, 1, 1, 2]);
  const column = { ...row, width: 1, height: 3 };
  const tall = await padded(column, { x: 0, y: 2, width: 1, height: 10 }, { kind: "mirror" });
  assert.deepEqual([...tall.data], [2, 1, 1, 2, 3, 3, 2, 1, 1, 2]);
  const above = await padded(column, { x: 0, y: 4, width: 1, height: 7 }, { kind: "mirror" });
  assert.deepEqual([...above.data], [3, 3, 2, 1, 1, 2, 3]);
});

Deno.test("a blurred backdrop is smooth, within the picture's range, and its colour where it is flat", () =>
  withRandom(async (random) => {
    const picture = randomPicture(random, 60, 90);
    const copy = await thumbnailOf(picture, [picture.data], BACKDROP_SIDE);
    const canvas = { x: 150, y: 0, width: 360, height: 90 };
    const noisy = await padded(picture, canvas, { kind: "blur", copy });
    for (let x = 1; x < 150; x++) {
      const step = Math.abs(pixel(noisy, x, 40)[0] - pixel(noisy, x - 1, 40)[0]);
      assert.ok(step <= 12, `a step of ${step} at ${x}`);
    }
    picture.data.fill(200);
    const flat = await thumbnailOf(picture, [picture.data], BACKDROP_SIDE);
    const even = await padded(picture, canvas, { kind: "blur", copy: flat });
    assert.ok(even.data.every((value) => value === 200));
  }));

Deno.test("chooseFactors() takes the smallest factor that suffices, and as few networks as it can", () => {
  const choose = (factor: number, available: number[]) =>
    chooseFactors({ width: 1000, height: 500 }, {
      width: Math.round(1000 * factor),
      height: Math.round(500 * factor),
    }, available);
  const cases: [factor: number, both: number[], four: number[], two: number[]][] = [
    [0.3, [], [], []],
    [1, [], [], []],
    [1.2, [2], [4], [2]],
    [2, [2], [4], [2]],
    [2.5, [4], [4], [2]],
    [3, [4], [4], [2, 2]],
    [4, [4], [4], [2, 2]],
    [5, [4], [4], [2, 2]],
    [5.1, [2, 4], [4, 4], [2, 2, 2]],
    [8, [2, 4], [4, 4], [2, 2, 2]],
    [10, [2, 4], [4, 4], [2, 2, 2]],
    [11, [4, 4], [4, 4], [2, 2, 2, 2]],
    [16, [4, 4], [4, 4], [2, 2, 2, 2]],
  ];
  for (const [factor, both, four, two] of cases) {
    assert.deepEqual(choose(factor, [2, 4]), both, `${factor}x with 2 and 4`);
    assert.deepEqual(choose(factor, [4]), four, `${factor}x with 4`);
    assert.deepEqual(choose(factor, [2]), two, `${factor}x with 2`);
  }
  assert.deepEqual(choose(0.5, [1]), [1], "a network of factor 1 cleans");
});

Deno.test("planSteps() ends at the size asked for, and never shrinks below the picture on the way", () => {
  for (const [width, height] of AWKWARD_SIZES) {
    for (const [x, y] of [[0.3, 0.3], [1, 1], [1.7, 1.7], [1, 6], [6, 0.5], [11, 16], [16, 16]]) {
      for (const available of [[1], [2], [3], [4], [4, 2], [8, 2]]) {
        for (const passes of [1, 2, 3]) {
          const from = { width, height };
          const to = {
            width: Math.max(1, Math.round(width * x)),
            height: Math.max(1, Math.round(height * y)),
          };
          const name = `${width}x${height} by ${x} and ${y} with ${available}, ${passes} passes`;
          checkSteps(from, to, planSteps(from, to, available, passes), name);
        }
      }
    }
  }
});

function checkSteps(from: Size, to: Size, steps: ReturnType<typeof planSteps>, name: string): void {
  let size = from;
  for (const step of steps) {
    if (step.kind === "network") {
      assert.equal(step.width, size.width * step.factor, name);
      assert.equal(step.height, size.height * step.factor, name);
    } else {
      assert.ok(step.width !== size.width || step.height !== size.height, `${name}: an idle step`);
    }
    assert.ok(step.width >= Math.min(from.width, to.width), name);
    assert.ok(step.height >= Math.min(from.height, to.height), name);
    size = step;
  }
  assert.deepEqual([size.width, size.height], [to.width, to.height], name);
}

Deno.test("planSteps() shrinks before the last network so that it makes just what is needed", () => {
  const steps = planSteps({ width: 100, height: 50 }, { width: 600, height: 300 }, [2, 4]);
  assert.deepEqual(steps, [
    { kind: "network", factor: 2, width: 200, height: 100 },
    { kind: "resample", width: 150, height: 75 },
    { kind: "network", factor: 4, width: 600, height: 300 },
  ]);
  const stretched = planSteps({ width: 100, height: 50 }, { width: 480, height: 240 }, [2, 4]);
  assert.deepEqual(stretched.map(({ kind }) => kind), ["network", "resample"]);
  assert.ok(480 / stretched[0].width <= MOST_STRETCH);
  const twice = planSteps({ width: 100, height: 50 }, { width: 400, height: 200 }, [4], 2);
  assert.deepEqual(twice, [
    { kind: "network", factor: 4, width: 400, height: 200 },
    { kind: "resample", width: 200, height: 100 },
    { kind: "network", factor: 4, width: 800, height: 400 },
    { kind: "resample", width: 400, height: 200 },
  ]);
});
