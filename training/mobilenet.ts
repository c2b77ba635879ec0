/**
 * Writes the weights of the feature distance (bench/mobilenet.ts) as safetensors, which training reads too:
 *
 *     deno run --no-lock --allow-read --allow-write training/mobilenet.ts mobilenet.safetensors
 */

import { FeatureNetwork } from "../bench/mobilenet.ts";
import { writeSafetensors } from "../src/weights/safetensors.ts";

const [file] = Deno.args;
const network = await FeatureNetwork.load();
await Deno.writeFile(file, writeSafetensors(network.tensors()));
