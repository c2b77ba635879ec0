/**
 * Every shader through the compilers of GPUs that this machine lacks (RADV, NVK, Turnip, Honeykrisp), with
 * `TESSERA_TEST=all`: none is refused, no default style spills, and none takes more registers than
 * registers.tsv has. The table is written anew with `TESSERA_RECORD=1`, where more is what is wanted.
 */

import assert from "node:assert/strict";
import type { AdapterSummary } from "../../src/gpu/device.ts";
import { conv } from "../../src/kernels/conv.ts";
import type { Shader } from "../../src/kernels/dispatch.ts";
import { layoutOf } from "../../src/kernels/layout.ts";
import { defaultStyle } from "../../src/kernels/styles.ts";
import { upconv3x3 } from "../../src/kernels/upconv3x3.ts";
import type { ConvOperation } from "../../src/networks/network.ts";
import { everyShader } from "./every_shader.ts";
import { type Chip, type Compiled, compileOn, setUpStubs, type Stubs } from "./stubs/stubs.ts";

const SLOW = Deno.env.get("TESSERA_TEST") === "all";
const RECORD = Deno.env.get("TESSERA_RECORD") !== undefined;
const TABLE = new URL("./registers.tsv", import.meta.url);

const CHIPS: Chip[] = [
  ...["vega", "rdna2", "rdna3", "rdna4"] as const,
  ...["turing", "ada", "adreno6", "adreno7", "apple"] as const,
];

/** The compilers that get every text; the others of a family get the convolutions of the default style. */
const THOROUGH: Chip[] = ["rdna2", "ada", "adreno7", "apple"];

/** The layers of the networks that Tessera comes with, and of the published ones; the last enlarges twofold. */
const LAYERS: [inChannels: number, outChannels: number, upsample: 1 | 2][] = [
  [24, 24, 1],
  [24, 48, 1],
  [32, 32, 1],
  [32, 48, 1],
  [64, 64, 1],
  [64, 32, 1],
  [64, 3, 1],
  [64, 64, 2],
];

const stubs: Stubs = SLOW ? await setUpStubs() : { missing: "TESSERA_TEST=all" };
const recorded = await readTable();
const measured: Table = new Map();

for (const chip of CHIPS) {
  const needs = "missing" in stubs ? ` (${stubs.missing})` : "";
  Deno.test({
    name: `the compiler for ${chip} takes every shader, without spills by default${needs}`,
    ignore: "missing" in stubs,
    fn: () => judge(chip, stubs as { folder: string; mesa: string }),
  });
}

if (RECORD) Deno.test("the table of registers is written", writeTable);

async function judge(
  chip: Chip,
  { folder, mesa }: { folder: string; mesa: string },
): Promise<void> {
  const all = THOROUGH.includes(chip) ? await everyShader("some") : [];
  const defaults = new Set<string>();
  const compiled = await compileOn(chip, folder, (adapter, enabled) => {
    const own = defaultLayers(adapter, enabled);
    for (const { label } of own) defaults.add(label);
    const others = all.filter((shader) => canRun(shader, enabled));
    return [...new Map([...own, ...others].map((shader) => [shader.code, shader])).values()];
  });
  assert.deepEqual(compiled.filter(({ error }) => error !== undefined), []);
  const own = compiled.filter(({ label }) => defaults.has(label));
  assert.equal(own.length, defaults.size);
  assert.deepEqual(own.filter(({ spills }) => spills! > 0), [], `spills by Mesa ${mesa}`);
  measured.set(chip, own);
  if (RECORD) return;
  for (const { label, registers } of own) {
    const most = recorded.get(chip)?.find((row) => row.label === label)?.registers;
    assert.ok(most !== undefined, `registers.tsv has no ${label} on ${chip}: TESSERA_RECORD=1`);
    assert.ok(
      registers! <= most,
      `${label} takes ${registers} registers, not ${most} (Mesa ${mesa})`,
    );
  }
}

/** Each layer in the style that the adapter gets when it is not tuned. */
function defaultLayers(adapter: AdapterSummary, enabled: ReadonlySet<string>): Shader[] {
  const style = defaultStyle(adapter, enabled);
  const shaders = (["f32", "f16"] as const).flatMap((storage) =>
    LAYERS.map(([inChannels, outChannels, upsample]) => {
      const size = { width: 16, height: 16 };
      const input = layoutOf({ channels: inChannels, ...size }, storage, style);
      const output = layoutOf({ channels: outChannels, ...size }, storage, style);
      const operation = layer(inChannels, outChannels, upsample);
      const request = { operation, link: 0, input, inputAt: { x: 0, y: 0 }, output, style };
      return (upsample === 2 ? upconv3x3 : conv)(request).shader;
    })
  );
  return [...new Set(shaders)];
}

function layer(inChannels: number, outChannels: number, upsample: 1 | 2): ConvOperation {
  const none = new Float32Array();
  return {
    kind: "conv",
    name: "layer",
    inputs: ["input"],
    output: "output",
    inChannels,
    outChannels,
    kernel: 3,
    weight: none,
    bias: none,
    gain: 1,
    activation: { kind: "silu" },
    residuals: [],
    upsample,
  };
}

/** Whether an adapter grants what a shader needs; lanes of eight no GPU has. */
function canRun({ label, code }: Shader, enabled: ReadonlySet<string>): boolean {
  if (label.includes(" subgroup ")) return false;
  return !code.includes("enable f16;") || enabled.has("shader-f16");
}

/** Rows by chip: what its compiler made of the default style's layers. */
type Table = Map<string, Compiled[]>;

async function readTable(): Promise<Table> {
  const table: Table = new Map();
  const text = await Deno.readTextFile(TABLE).catch(() => "");
  for (const line of text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))) {
    const [chip, registers, label] = line.split("\t");
    const rows = table.get(chip) ?? [];
    table.set(chip, [...rows, { label, registers: Number(registers) }]);
  }
  return table;
}

async function writeTable(): Promise<void> {
  const { mesa } = stubs as { mesa: string };
  const head = `# Registers of an invocation by Mesa ${mesa}'s compilers; see drivers_test.ts.\n`;
  const rows = [...measured].flatMap(([chip, compiled]) =>
    compiled.map(({ label, registers }) => `${chip}\t${registers}\t${label}\n`)
  );
  await Deno.writeTextFile(TABLE, head + rows.join(""));
}
