/**
 * What is extended, repaired and protected, through the library: an extended picture keeps its own pixels;
 * damage is filled before anything else; a protected part is the faithful result, and fades without a
 * step.
 */

import assert from "node:assert/strict";
import { aimedMask, darkMask, repairMask } from "../../src/enhance/regions.ts";
import { blendProtected, Feather } from "../../src/enhance/protection.ts";
import { bodyOf, extend } from "../../src/fill/extend.ts";
import { extensionOutlook } from "../../src/fill/outlook.ts";
import { emptyMask, markRegion } from "../../src/pictures/mask.ts";
import { gatherRows } from "../../src/pictures/mod.ts";
import { enhance, type EnhanceOptions, Enhancer, type Picture, UsageError } from "../../mod.ts";
import { growTo } from "../../src/targets/plan.ts";
import type { Region } from "../../src/raster/size.ts";
import { gpu } from "../gpu_harness.ts";
import { type Random, withRandom } from "../reference/random.ts";

/** A landscape: a bright sky with a slope, and ground of a coarse texture. */
function landscape(width: number, height: number, random: Random): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const ground = y > height / 2 ? 60 + 10 * ((x >> 2) % 3) + 8 * ((y >> 2) % 2) : 0;
      const level = ground || 220 - y / 2;
      data.set(
        [level, level * 0.9, level * 0.8].map((v) => v + random.uniform(-2, 2)),
        3 * (y * width + x),
      );
    }
  }
  return { width, height, channels: 3, depth: 8, data, metadata: {} };
}

function pixel({ width, channels, data }: Picture, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels)];
}

function run(picture: Picture, options: EnhanceOptions & { model?: string }) {
  return enhance(picture, { model: "fast-x4", denoise: 0, device: gpu, record: false, ...options });
}

Deno.test("growTo() keeps one side, and comes within half a pixel of the proportions", () => {
  const screen = { width: 3840, height: 2160 };
  const middle = { x: 0.5, y: 0.5 };
  assert.deepEqual(growTo({ width: 900, height: 1200 }, screen, middle), {
    ...{ width: 2133, height: 1200, x: 617, y: 0 },
  });
  assert.deepEqual(growTo({ width: 900, height: 300 }, screen, { x: 0, y: 1 }), {
    ...{ width: 900, height: 506, x: 0, y: 206 },
  });
  assert.deepEqual(growTo({ width: 160, height: 90 }, screen, middle), {
    ...{ width: 160, height: 90, x: 0, y: 0 },
  });
});

Deno.test("pad extend keeps the picture's pixels, continues its edges, and says how much is made up", () =>
  withRandom(async (random) => {
    const picture = landscape(72, 80, random);
    const options = { model: "bicubic", to: "112x80", fit: "contain", pad: "extend" } as const;
    const { picture: result, notes } = await run(picture, options);
    assert.deepEqual([result.width, result.height], [112, 80]);
    assert.deepEqual(notes.filter(({ kind }) => kind === "regions").map(({ text }) => text), [
      "36 % of the result is made up from what is beside it",
    ]);
    for (let y = 0; y < 80; y++) {
      for (let x = 0; x < 72; x += 7) {
        assert.deepEqual(pixel(result, x + 20, y), pixel(picture, x, y));
      }
      for (const x of [0, 10, 19, 92, 111]) {
        const [own] = pixel(result, x, y);
        const [beside] = pixel(picture, x < 20 ? 0 : 71, y);
        // Sky stays sky and ground ground, but for the row between them.
        if (Math.abs(y - 40) > 3) assert.ok(Math.abs(own - beside) < 45, `${x}, ${y}: ${own}`);
      }
    }
    const again = await run(picture, options);
    assert.deepEqual(again.picture.data, result.data, "the same each time");
  }));

Deno.test("pad extend grows upward too, in 16 bits and with alpha, and is upscaled as one picture", () =>
  withRandom(async (random) => {
    const colour = landscape(80, 40, random);
    const data = new Uint16Array(80 * 40 * 4).fill(65535);
    colour.data.forEach((value, i) => data[i + Math.floor(i / 3)] = value * 257);
    const picture: Picture = { ...colour, channels: 4, depth: 16, data };
    const options = { to: "160x160", fit: "contain", pad: "extend", gravity: "bottom" } as const;
    const { picture: result, report } = await run(picture, options);
    assert.deepEqual([result.width, result.height, result.depth], [160, 160, 16]);
    assert.deepEqual([report.passes[0].width, report.passes[0].height], [80, 80]);
    assert.ok(result.data.every((value, i) => i % 4 !== 3 || value === 65535), "opaque");
    assert.ok(report.consistency! > 40);
  }));

Deno.test("a person who fills the picture is extended by what is beside the face, and told of", () =>
  withRandom(async (random) => {
    const picture = landscape(60, 60, random);
    const face = { x: 18, y: 12, width: 24, height: 30 };
    const frame = { x: 10, y: 0, width: 80, height: 60 };
    const result = await extend(gpu, picture, frame, { faces: [face] });
    for (const x of [0, 5, 85]) {
      const [sky, ground] = [pixel(result, x, 10)[0], pixel(result, x, 50)[0]];
      assert.ok(sky > 170 && ground < 120, `${x}: ${sky}, ${ground}`);
    }
    const outlook = async (faces: Region[], text: Region[]) =>
      (await extensionOutlook(picture, frame, { content: "photo", faces, text })).problems;
    assert.deepEqual(await outlook([face], []), ["people leave little else to copy"]);
    const small = { x: 20, y: 20, width: 6, height: 8 };
    assert.deepEqual(await outlook([small], [{ x: 20, y: 20, width: 30, height: 8 }]), []);
    assert.deepEqual(await outlook([{ ...small, x: 1 }], [{ ...small, x: 53 }]), [
      "a face is at its edge",
      "letters are at its edge",
    ]);
  }));

Deno.test("a person reaches beyond the face", () => {
  const body = bodyOf({ x: 100, y: 50, width: 20, height: 30 });
  assert.deepEqual(body, { x: 80, y: 35, width: 60, height: 225 });
});

Deno.test("repair fills scratches that it finds, or what a mask says, before upscaling", () =>
  withRandom(async (random) => {
    const whole = landscape(90, 80, random);
    const scratched = { ...whole, data: whole.data.slice() };
    const mask = emptyMask(whole);
    for (let y = 4; y < 28; y++) {
      markRegion(mask, { x: 30 + (y >> 3), y, width: 2, height: 1 });
    }
    mask.data.forEach((mark, i) => mark && scratched.data.fill(255, 3 * i, 3 * i + 3));
    const bright: Picture = { ...whole, channels: 1, data: mask.data.map((mark) => 255 * mark) };
    for (const repair of ["auto", bright] as const) {
      const { picture, notes } = await run(scratched, { model: "bicubic", scale: 1, repair });
      const errors = [...mask.data.keys()].filter((i) => mask.data[i] === 1)
        .map((i) => Math.abs(picture.data[3 * i] - whole.data[3 * i]));
      const error = errors.reduce((sum, each) => sum + each, 0) / errors.length;
      assert.ok(error < 8, `${error} levels on average, where it was over 50`);
      const changed = picture.data.filter((value, i) => value !== scratched.data[i]).length / 3;
      assert.ok(changed < 7 * 24, `${changed} pixels were touched`);
      assert.match(notes[0].text, /^\d\.\d+ % of it is repaired$/);
    }
    const clean = await run(whole, { model: "bicubic", scale: 1, repair: "auto" });
    assert.deepEqual(clean.picture.data, whole.data);
    assert.match(clean.notes[0].text, /no scratches/);
  }));

Deno.test("repair says that lines of a drawing may be taken for scratches", async () => {
  const [width, height] = [120, 100];
  const data = new Uint8Array(width * height).fill(255);
  for (let y = 10; y < 90; y++) data.fill(0, y * width + 60, y * width + 62);
  const drawing: Picture = { width, height, channels: 1, depth: 8, data, metadata: {} };
  const { notes } = await run(drawing, { model: "bicubic", scale: 1, repair: "auto" });
  assert.match(notes[0].text, /% of it is repaired/);
  assert.match(notes[1].text, /it shows .*, whose lines may be taken for scratches/);
});

Deno.test("a protected part is the faithful result to the bit, and fades without a step", () =>
  withRandom(async (random) => {
    const picture = landscape(90, 70, random);
    const part = { x: 30, y: 20, width: 25, height: 24 };
    const marks = emptyMask(picture);
    markRegion(marks, part);
    const mask: Picture = {
      ...picture,
      channels: 1,
      data: marks.data.map((mark) => 255 - 255 * mark),
    };
    const scale = 2;
    const faithful = (await run(picture, { scale, mode: "faithful" })).picture;
    const creative = (await run(picture, { scale, mode: "creative", creativity: 1 })).picture;
    const mixed = (await run(picture, { scale, mask, creativity: 1 })).picture;
    assert.notDeepEqual(creative.data, faithful.data);
    const even = async (level: number) => {
      const data = new Uint8Array(mask.data.length).fill(level);
      return await run(picture, { scale, mask: { ...mask, data }, creativity: 1 });
    };
    const [dark, bright] = [await even(0), await even(255)];
    assert.deepEqual(dark.picture.data, faithful.data);
    assert.match(dark.notes[0].text, /all of it stays faithful: the mask is dark everywhere/);
    assert.deepEqual(bright.picture.data, creative.data);
    assert.match(bright.notes[0].text, /nothing of it stays faithful: the mask is bright/);
    const { width } = mixed;
    let most = 0;
    for (let y = 0; y < mixed.height; y++) {
      for (let x = 0; x < width; x++) {
        const [column, row] = [Math.floor(x / 2), Math.floor(y / 2)];
        const inside = marks.data[row * picture.width + column] === 1;
        const far = column < part.x - 16 || column > part.x + part.width + 16 ||
          row < part.y - 16 || row > part.y + part.height + 16;
        if (inside) assert.deepEqual(pixel(mixed, x, y), pixel(faithful, x, y));
        if (far) assert.deepEqual(pixel(mixed, x, y), pixel(creative, x, y));
        if (x === 0) continue;
        // Beyond the steps that both results have there, the seam adds at most one level.
        const step = (of: Picture) => pixel(of, x, y)[0] - pixel(of, x - 1, y)[0];
        const both = [step(faithful), step(creative)];
        most = Math.max(most, step(mixed) - Math.max(...both), Math.min(...both) - step(mixed));
      }
    }
    assert.ok(most <= 1, `a step of ${most} levels`);
  }));

Deno.test("a protected part is the faithful result in 16 bits, with alpha and across tiles", () =>
  withRandom(async (random) => {
    const { width, height, ...colour } = landscape(56, 44, random);
    const data = new Uint16Array(4 * width * height);
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) data[4 * i + c] = 257 * colour.data[3 * i + c];
      data[4 * i + 3] = i % width < 40 ? 65535 : 20000;
    }
    const picture: Picture = { ...colour, width, height, channels: 4, depth: 16, data };
    const marks = emptyMask(picture);
    markRegion(marks, { x: 20, y: 12, width: 26, height: 18 });
    const painted = Uint16Array.from(marks.data, (mark) => 65535 - 65535 * mark);
    const mask: Picture = { ...colour, width, height, channels: 1, depth: 16, data: painted };
    const enhancer = await Enhancer.create({ model: "fast-x4", device: gpu, tile: 32 });
    const inTiles = async (options: EnhanceOptions) => {
      const every = { scale: 2, denoise: 0, record: false };
      const run = (await enhancer.plan(picture, { ...every, ...options })).run();
      return { result: await gatherRows(run), report: run.report() };
    };
    const { result: mixed } = await inTiles({ creativity: 1, mask });
    const { result: faithful, report } = await inTiles({ mode: "faithful" });
    enhancer.destroy();
    assert.ok(report.passes[0].tiles > 1, "several tiles");
    let differ = 0;
    for (let y = 0; y < mixed.height; y++) {
      for (let x = 0; x < mixed.width; x++) {
        const at = 4 * (y * mixed.width + x);
        const same = [0, 1, 2, 3].every((c) => mixed.data[at + c] === faithful.data[at + c]);
        if (marks.data[(y >> 1) * width + (x >> 1)] === 1) assert.ok(same, `${x}, ${y}`);
        else differ += same ? 0 : 1;
      }
    }
    assert.ok(differ > 1000, `${differ} pixels elsewhere are creative`);
  }));

Deno.test("text is found and protected; what contradicts itself is refused", () =>
  withRandom(async (random) => {
    const picture = landscape(60, 60, random);
    const { notes } = await run(picture, { scale: 1, protect: ["text"] });
    assert.match(notes[0].text, /lines of text that are protected: 0/);
    const mask: Picture = { ...picture, width: 30, height: 120 };
    const refused: [EnhanceOptions, RegExp][] = [
      [{ mask }, /The mask has 30 x 120 pixels, the picture 60 x 60/],
      [{ mask: picture, mode: "faithful" }, /a creative result faithful; "faithful" is so/],
      [{ protect: ["faces"] }, /Faces are protected where something is given/],
      [{ repair: mask }, /The mask has 30 x 120/],
    ];
    for (const [options, message] of refused) {
      await assert.rejects(run(picture, options), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, message);
        return true;
      });
    }
  }));

Deno.test("blendProtected() keeps only rows that are seen, in every depth", async () => {
  const marks = emptyMask({ width: 40, height: 60 });
  markRegion(marks, { x: 10, y: 25, width: 5, height: 3 });
  const feather = new Feather(marks, { width: 40, height: 60 });
  assert.ok(feather.rows.first >= 10 && feather.rows.end <= 45, JSON.stringify(feather.rows));
  const constant = (level: number) => {
    const header = { width: 40, height: 60, channels: 1, depth: 32, metadata: {} } as const;
    const rows = (async function* () {
      for (let y = 0; y < 60; y += 7) yield new Float32Array(40 * Math.min(7, 60 - y)).fill(level);
    })();
    return { ...header, rows };
  };
  const bands = await Array.fromAsync(blendProtected(constant(0), constant(1), feather));
  const values = bands.flatMap((band) => [...band]);
  assert.equal(values.length, 40 * 60);
  marks.data.forEach((mark, i) => mark && assert.equal(values[i], 0));
  assert.equal(values[0], 1);
  const steps = values.slice(1).map((value, i) =>
    (i + 1) % 40 === 0 ? 0 : Math.abs(value - values[i])
  );
  assert.ok(Math.max(...steps) < 0.2);
});

Deno.test("masks say the same in grey and colour, 8 and 16 bits, and by their transparent parts", () => {
  const size = { width: 3, height: 1 };
  /** Three pixels: black, white, and one that is transparent or grey. */
  const mask = (channels: 1 | 2 | 3 | 4, depth: 8 | 16, pixels: string): Picture => {
    const [white, grey] = depth === 8 ? [255, 100] : [65535, 30000];
    const data = new (depth === 8 ? Uint8Array : Uint16Array)(3 * channels);
    [...pixels].forEach((pixel, i) => {
      const own = { w: white, g: grey }[pixel] ?? 0;
      data.fill(own, i * channels, (i + 1) * channels);
      if (channels % 2 === 0) data[(i + 1) * channels - 1] = pixel === "-" ? 0 : white;
    });
    return { ...size, channels, depth, data, metadata: {} } as Picture;
  };
  const marks = (of: typeof darkMask, pixels: string, channels: 1 | 2 | 3 | 4, depth: 8 | 16 = 8) =>
    of(size, mask(channels, depth, pixels)).data.join("");
  for (const channels of [1, 2, 3, 4] as const) {
    for (const depth of [8, 16] as const) {
      assert.equal(marks(darkMask, "bwg", channels, depth), "101");
      assert.equal(marks(repairMask, "bwg", channels, depth), "010");
    }
  }
  for (const channels of [2, 4] as const) {
    const painted: [string, dark: string, repaired: string][] = [
      ["b--", "100", "100"],
      ["w--", "011", "100"],
      ["bw-", "101", "010"],
      ["---", "111", "000"],
    ];
    for (const [pixels, dark, repaired] of painted) {
      assert.equal(marks(darkMask, pixels, channels), dark, pixels);
      assert.equal(marks(repairMask, pixels, channels), repaired, pixels);
    }
  }
});

Deno.test("aimedMask() follows a crop and an extension", () => {
  const marks = emptyMask({ width: 10, height: 8 });
  markRegion(marks, { x: 3, y: 2, width: 1, height: 1 });
  const aim = {
    style: {},
    perMetre: undefined,
    padding: undefined,
    width: 6,
    height: 4,
    canvas: { x: 0, y: 0, width: 6, height: 4 },
  };
  const crop = { x: 2, y: 1, width: 6, height: 4 };
  const cropped = aimedMask(marks, { ...aim, crop, frame: undefined });
  assert.equal(cropped.data.indexOf(1), 1 * 6 + 1);
  const whole = { x: 0, y: 0, width: 10, height: 8 };
  const grown = aimedMask(marks, {
    ...aim,
    crop: whole,
    frame: { x: 5, y: 0, width: 20, height: 8 },
  });
  assert.equal(grown.data.indexOf(1), 2 * 20 + 8);
});
