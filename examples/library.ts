/**
 * The smallest program that uses Tessera as a library: enlarges one picture fourfold.
 *
 *     deno run --allow-read --allow-write examples/library.ts photo.jpg photo-x4.png
 */

import { decodePicture, encodePicture, Upscaler } from "../mod.ts";

const [input, output] = Deno.args;
const picture = await decodePicture(await Deno.readFile(input));
const upscaler = await Upscaler.create();
const large = await upscaler.upscale(picture, { scale: 4 });
await Deno.writeFile(output, await encodePicture(large, { format: "png" }));
upscaler.destroy();
