// deno-lint-ignore-file no-console -- a script: it says what it has written
/**
 * Paints a scene four times larger than it is kept, shrinks it, and writes the small picture.
 *
 * The large picture is the truth that an upscaled small one can be measured against. It is the same
 * on every machine, and is not kept in the repository: name a file to write it to as well.
 *
 *     deno run --allow-read --allow-write examples/render_scene.ts canal|page|fur [truth.png]
 */

import { encodePicture } from "../src/pictures/mod.ts";
import type { Picture } from "../src/pictures/picture.ts";
import { render, SCENES, shrink } from "./scene/scenes.ts";

/** Writes a picture as PNG and says so. */
async function write(file: string, picture: Picture): Promise<void> {
  await Deno.writeFile(file, await encodePicture(picture, { format: "png" }));
  console.log(`${picture.width}x${picture.height} ${file}`);
}

const [name, file] = Deno.args;
const scene = SCENES.find((each) => each.name === name);
if (scene === undefined) {
  console.error(`Name a scene to paint: ${SCENES.map((each) => each.name).join(", ")}`);
  Deno.exit(2);
}
const truth = render(scene);
await write(scene.file, shrink(truth));
if (file !== undefined) await write(file, truth);
