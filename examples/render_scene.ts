// deno-lint-ignore-file no-console -- a script: it says what it has written
/**
 * Paints a canal at dusk at 3840x2160, shrinks it to 960x540, and writes the small picture.
 *
 * The large picture is the truth that an upscaled small one can be measured against. It is the same
 * on every machine, and is not kept in the repository: name a file to write it to as well.
 *
 *     deno run --allow-read --allow-write examples/render_scene.ts [truth.png]
 */

import { fileURLToPath } from "node:url";
import { encodePicture } from "../src/pictures/mod.ts";
import type { Picture } from "../src/pictures/picture.ts";
import { toPicture, toTensor } from "../tests/reference/pictures.ts";
import { resample } from "../tests/reference/resample.ts";
import { renderScene } from "./scene/scene.ts";

/** Writes a picture as PNG and says so. */
async function write(file: string, picture: Picture): Promise<void> {
  await Deno.writeFile(file, await encodePicture(picture, { format: "png" }));
  console.log(`${picture.width}x${picture.height} ${file}`);
}

const truth = renderScene();
const small = toPicture(resample(toTensor(truth), truth.height / 4, truth.width / 4));
await write(fileURLToPath(new URL("scene-960x540.png", import.meta.url)), small);
if (Deno.args.length > 0) await write(Deno.args[0], truth);
