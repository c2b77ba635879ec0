/**
 * UpscalerJS from file to file: `run_upscalerjs.ts NETWORK UPSCALER-FOLDER NETWORK-FOLDER INPUT OUTPUT`.
 *
 * Its modules are for bundlers; what runs as it is are its builds for script elements, which want
 * TensorFlow.js as a global. Of that the backend is WASM, which here has one thread.
 */

import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { decodePicture, encodePicture } from "../../src/pictures/mod.ts";

/** What the scripts leave behind. */
interface Globals {
  tf: typeof tf;
  Upscaler: new (options: { model: object }) => {
    execute(pixels: tf.Tensor3D, options: { output: "tensor" }): Promise<tf.Tensor3D>;
  };
  ESRGANSlim4x: object;
  ESRGANMedium4x: object;
}

const [network, upscalerFolder, networkFolder, input, output] = Deno.args;
const globals = globalThis as unknown as Globals;
globals.tf = tf;
await tf.setBackend("wasm");
runScript(join(upscalerFolder, "dist/browser/umd/upscaler.min.js"));
runScript(join(networkFolder, `dist/umd/models/${network}/src/x4/index.min.js`));
const definition = network === "esrgan-slim" ? globals.ESRGANSlim4x : globals.ESRGANMedium4x;
const path = pathToFileURL(join(networkFolder, "models/x4/model.json")).href;
const upscaler = new globals.Upscaler({ model: { ...definition, path } });
const picture = await decodePicture(await Deno.readFile(input));
const pixels = tf.tensor3d(picture.data as Uint8Array, [picture.height, picture.width, 3], "int32");
const result = await upscaler.execute(pixels, { output: "tensor" });
const [height, width] = result.shape;
const data = Uint8ClampedArray.from(await result.data());
const large = { ...picture, width, height, data: new Uint8Array(data.buffer) };
await Deno.writeFile(output, await encodePicture(large, { format: "png" }));
Deno.exit(0);

/** Runs a file as a script element would: its declarations are global. */
function runScript(path: string): void {
  (0, eval)(Deno.readTextFileSync(path));
}
