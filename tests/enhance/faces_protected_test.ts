/**
 * `--protect faces` and extending, with the detector that the program uses, on real photographs. It needs a
 * package of 24 MB: `TESSERA_TEST=all`.
 */

import assert from "node:assert/strict";
import { type Face, FaceDetector, findFaces } from "../../src/inspect/mod.ts";
import { convertDepth } from "../../src/pictures/mod.ts";
import { thumbnailOf } from "../../src/targets/thumbnail.ts";
import { decodePicture, enhance, type EnhanceOptions, type Picture } from "../../mod.ts";
import { gpu } from "../gpu_harness.ts";
import { hasShared, shared } from "../reference/shared.ts";

const PORTRAITS = ["Kodak24/kodim04.png", "RealSRSet/Lincoln.png"].map((name) => `images/${name}`);

/** The longer side to which photographs are shrunk, in pixels. */
const SIDE = 240;

const SCALE = 2;

/** Pixels around one whose levels say whether a place is smooth, on each side, and how far they differ. */
const SMOOTH = { reach: 2, levels: 6 };

async function photograph(path: string): Promise<Picture> {
  const photo = await decodePicture(await Deno.readFile(shared(path)));
  const side = Math.min(SIDE, Math.max(photo.width, photo.height));
  return convertDepth(await thumbnailOf(photo, [photo.data], side), 8);
}

async function run(
  picture: Picture,
  options: EnhanceOptions & { model?: string },
): Promise<Picture> {
  const common = { model: "fast-x4", denoise: 0, device: gpu, record: false } as const;
  return (await enhance(picture, { ...common, ...options })).picture;
}

function greenAt({ width, channels, data }: Picture, x: number, y: number): number {
  return data[(y * width + x) * channels + (channels >= 3 ? 1 : 0)];
}

/** Whether all of a square differs by a few levels at most. */
function isSmooth(picture: Picture, x: number, y: number): boolean {
  const levels: number[] = [];
  for (let row = y - SMOOTH.reach; row <= y + SMOOTH.reach; row++) {
    for (let column = x - SMOOTH.reach; column <= x + SMOOTH.reach; column++) {
      levels.push(greenAt(picture, column, row));
    }
  }
  return Math.max(...levels) - Math.min(...levels) <= SMOOTH.levels;
}

function isIn({ x, y, width, height }: Omit<Face, "score">, column: number, row: number): boolean {
  return column >= x && row >= y && column < x + width && row < y + height;
}

for (const path of PORTRAITS) {
  Deno.test({
    name: `--protect faces leaves a face as the faithful result has it: ${path} (TESSERA_TEST=all)`,
    ignore: Deno.env.get("TESSERA_TEST") !== "all" || !hasShared(path),
    async fn() {
      const picture = await photograph(path);
      const detector = await FaceDetector.load();
      const faces = await findFaces(picture, detector);
      assert.equal(faces.length, 1);
      const faithful = await run(picture, { scale: SCALE, mode: "faithful" });
      const creative = await run(picture, { scale: SCALE, mode: "creative", creativity: 1 });
      const protect = ["faces"] as const;
      const mixed = await run(picture, { scale: SCALE, protect, detector, creativity: 1 });
      let [inside, differing, smooth, most] = [0, 0, 0, 0];
      const { channels } = mixed;
      for (let y = SMOOTH.reach; y < mixed.height - SMOOTH.reach; y++) {
        for (let x = SMOOTH.reach; x < mixed.width - SMOOTH.reach; x++) {
          const at = (y * mixed.width + x) * channels;
          const [column, row] = [Math.floor(x / SCALE), Math.floor(y / SCALE)];
          if (faces.some((face) => isIn(face, column, row))) {
            inside++;
            for (let c = 0; c < channels; c++) {
              assert.equal(mixed.data[at + c], faithful.data[at + c], `${x}, ${y}`);
              if (creative.data[at + c] !== faithful.data[at + c]) differing++;
            }
          }
          if (!isSmooth(faithful, x, y) || !isSmooth(creative, x, y)) continue;
          smooth++;
          for (const [dx, dy] of [[1, 0], [0, 1]]) {
            const step = (of: Picture) => greenAt(of, x + dx, y + dy) - greenAt(of, x, y);
            const both = [step(faithful), step(creative)];
            const own = step(mixed);
            most = Math.max(most, own - Math.max(...both), Math.min(...both) - own);
          }
        }
      }
      assert.ok(inside > 1000 && smooth > 1000, `${inside} in the face, ${smooth} smooth`);
      assert.ok(differing > inside / 10, "elsewhere the creative result would be another");
      assert.ok(most <= 1, `a seam of ${most} levels`);
    },
  });
}

Deno.test({
  name: "an extended portrait shows nobody twice (TESSERA_TEST=all)",
  ignore: Deno.env.get("TESSERA_TEST") !== "all" || !hasShared(PORTRAITS[0]),
  async fn() {
    const picture = await photograph(PORTRAITS[0]);
    const detector = await FaceDetector.load();
    const [face] = await findFaces(picture, detector);
    const to = `${picture.height}x${picture.height}`;
    const frame = { to, fit: "contain", pad: "extend" } as const;
    const asked = { model: "bicubic", protect: ["faces"], detector } as const;
    const grown = await run(picture, { ...frame, ...asked });
    assert.equal(grown.width, grown.height);
    const left = (grown.width - picture.width) / 2;
    const again = await findFaces(grown, detector);
    assert.equal(again.length, 1);
    assert.ok(Math.abs(again[0].x - left - face.x) < face.width / 4, "the same face");
    assertNoneCopied(picture, face, grown, Math.floor(left));
  },
});

/** Asserts that what is new has hardly a row of seven pixels of the face; brightness may have been evened. */
function assertNoneCopied(picture: Picture, face: Face, grown: Picture, left: number): void {
  const rows = new Set<string>();
  const keyAt = (of: Picture, x: number, y: number) =>
    Array.from({ length: 7 }, (_, i) => greenAt(of, x + i, y) - greenAt(of, x, y)).join();
  const isPlain = (key: string) => key.split(",").every((value) => Math.abs(Number(value)) < 8);
  for (let y = Math.max(0, face.y); y < face.y + face.height; y++) {
    for (let x = Math.max(0, face.x); x < face.x + face.width - 7; x++) {
      rows.add(keyAt(picture, x, y));
    }
  }
  let [copied, all] = [0, 0];
  for (let y = 0; y < grown.height; y++) {
    for (let x = 0; x < grown.width - 7; x++) {
      if (x + 7 > left && x < left + picture.width) continue;
      const key = keyAt(grown, x, y);
      if (isPlain(key)) continue;
      all++;
      if (rows.has(key)) copied++;
    }
  }
  assert.ok(copied <= all / 100, `${copied} of ${all} rows are of the face`);
}
