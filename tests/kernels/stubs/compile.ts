/**
 * Runs in the chroot of the stubs: compiles the shaders of a JSON file, from one on, to pipelines, and
 * prints a line of JSON for each.
 *
 * `compile.ts FILE FIRST`: the first line says which adapter it is, and what it grants.
 */

const [file, first] = Deno.args;
const statistics = Deno.env.get("TESSERA_STATISTICS")!;
const shaders: { label: string; code: string }[] = JSON.parse(await Deno.readTextFile(file));

const FEATURES = ["subgroups", "shader-f16"];
const adapter = await navigator.gpu.requestAdapter();
if (adapter === null) throw new Error("The stub has no adapter");
const { device, features } = await open();
const { vendor, architecture, description, subgroupMinSize, subgroupMaxSize } = adapter.info;
const subgroupSizes = { min: subgroupMinSize, max: subgroupMaxSize };
print({ vendor, architecture, description, subgroupSizes, features });
for (const { label, code } of shaders.slice(Number(first))) {
  print({ label, ...await compile(label, code) });
}

function print(line: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(line) + "\n"));
}

/** Features are tried one by one: Deno hides some that it grants. */
async function open(): Promise<{ device: GPUDevice; features: string[] }> {
  const features: string[] = [];
  for (const feature of FEATURES) {
    const found = await tryDevice([feature]);
    if (found !== undefined) features.push(feature);
    found?.destroy();
  }
  const device = await tryDevice(features);
  if (device === undefined) throw new Error("The stub gives no device");
  return { device, features };
}

async function tryDevice(features: string[]): Promise<GPUDevice | undefined> {
  const again = await navigator.gpu.requestAdapter();
  const requiredFeatures = features as GPUFeatureName[];
  return await again?.requestDevice({ requiredFeatures }).catch(() => undefined);
}

async function compile(label: string, code: string): Promise<{ error?: string; told?: string }> {
  await Deno.writeTextFile(statistics, "");
  device.pushErrorScope("internal");
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label, code });
  device.createComputePipeline({ label, layout: "auto", compute: { module, entryPoint: "main" } });
  const errors = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
  const error = errors.find((error) => error !== null);
  return error ? { error: error.message } : { told: await Deno.readTextFile(statistics) };
}
