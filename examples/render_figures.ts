// deno-lint-ignore-file no-console -- a script: it says what it has written
/**
 * Enlarges all scenes with the embedded networks, clean and through a JPEG, and writes the pictures
 * and the table of docs/networks.md and the pictures of the README.
 *
 * Each scene is painted, so the truth is known. A few minutes without a GPU.
 *
 *     deno task figures
 */

import { fileURLToPath } from "node:url";
import { Gpu } from "../src/gpu/device.ts";
import { encodePicture } from "../src/pictures/mod.ts";
import type { Picture } from "../src/pictures/picture.ts";
import { psnrY } from "../src/quality/psnr.ts";
import { cropPicture } from "../src/targets/crop.ts";
import type { Region } from "../src/raster/size.ts";
import { DAMAGES, enlarge, WAYS } from "./figures/enlarge.ts";
import { repeatPixels, sideBySide } from "./figures/panels.ts";
import { type Figures, formatFigures, replaceMarked } from "./figures/table.ts";
import { FACTOR, render, SCENES, shrink } from "./scene/scenes.ts";

/** The part of each scene that is shown: whole pixels of the small picture. */
const SHOWN: Record<string, Region> = {
  canal: { x: 1592, y: 1260, width: 272, height: 152 },
  page: { x: 48, y: 440, width: 272, height: 152 },
  fur: { x: 376, y: 228, width: 272, height: 152 },
};

/** The part of the clean canal that the README shows. */
const README_PART: Region = { x: 1560, y: 1120, width: 420, height: 420 };

/** Panels in a row, and pixels between them. */
const COLUMNS = 4;
const GAP = 4;

const DOCS = new URL("../docs/", import.meta.url);

/** Writes a picture among those of the docs and says so. */
async function write(name: string, picture: Picture): Promise<void> {
  const file = fileURLToPath(new URL(`pictures/${name}.png`, DOCS));
  const bytes = await encodePicture(picture, { format: "png" });
  await Deno.writeFile(file, bytes);
  console.log(`${picture.width}x${picture.height} ${file} (${Math.round(bytes.length / 1000)} KB)`);
}

/** Writes what the README shows of a scene. */
async function writeReadmePart(truth: Picture, large: Map<string, Picture>): Promise<void> {
  for (const name of ["bicubic", "photo-x4"]) {
    await write(`scene-${name}`, cropPicture(large.get(name)!, README_PART));
  }
  await write("scene-truth", cropPicture(truth, README_PART));
}

const gpu = await Gpu.open();
const figures: Figures[] = [];
for (const scene of SCENES) {
  const truth = render(scene);
  const clean = shrink(truth);
  for (const damage of DAMAGES) {
    const small = await damage.apply(clean);
    const large = new Map<string, Picture>();
    for (const way of WAYS) large.set(way.label, await enlarge(gpu, way, small));
    const panels = [repeatPixels(small, FACTOR), ...large.values(), truth];
    const parts = panels.map((panel) => cropPicture(panel, SHOWN[scene.name]));
    await write(`${scene.name}-${damage.name}`, sideBySide(parts, COLUMNS, GAP));
    figures.push({
      labels: [scene.name, damage.label],
      psnrY: [...large.values()].map((picture) => psnrY(picture, truth, FACTOR)),
    });
    if (scene.name === "canal" && damage.name === "clean") await writeReadmePart(truth, large);
  }
}
gpu.destroy();

const table = formatFigures(["scene", "input", ...WAYS.map(({ label }) => label)], figures);
console.log(table);
const page = new URL("networks.md", DOCS);
await Deno.writeTextFile(page, replaceMarked(await Deno.readTextFile(page), "figures", table));
