/**
 * Presets: where they are found, what they stand for beside options that are given, and what is said
 * of those that are wrong.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import {
  choiceOption,
  numberOption,
  type OptionTable,
  switchOption,
} from "../../src/cli/options/arguments.ts";
import { type Preset, presetChain } from "../../src/cli/options/preset_files.ts";
import { resolvePreset } from "../../src/cli/options/preset_options.ts";
import { decodePicture } from "../../src/pictures/mod.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { filesIn, inFolder, runProgram, toOutcome, writePicture } from "./program.ts";

const KNOWN: OptionTable = {
  scale: numberOption({ value: "S", min: 1, max: 16, help: "factor" }),
  to: choiceOption({ words: ["4k"], help: "size" }),
  fit: choiceOption({ words: ["cover", "inside"], help: "fit" }),
  tile: numberOption({ value: "N", min: 16, max: 64, help: "tile" }),
  strip: switchOption("strip"),
  preset: switchOption("never in a preset"),
};

function presetOf(name: string, options: Preset["options"], base?: string, file?: string): Preset {
  return { name, file, summary: undefined, base, options };
}

function resolve(name: string, presets: Preset[]): Preset["options"] {
  return resolvePreset(presetChain(name, presets), KNOWN);
}

Deno.test("resolvePreset() lays a preset over what it extends", () => {
  const presets = [
    presetOf("mine", { tile: 32, strip: false }, "middle"),
    presetOf("middle", { fit: "cover" }, "low"),
    presetOf("low", { fit: "inside", strip: true, tile: 16 }),
  ];
  assert.deepEqual(resolve("mine", presets), { tile: 32, fit: "cover", strip: false });
});

Deno.test("resolvePreset() lets a scale stand instead of a size and what belongs to it", () => {
  const presets = [
    presetOf("scaled", { scale: 3 }, "sized"),
    presetOf("sized", { to: "4k", fit: "cover", strip: true }, "low"),
    presetOf("low", { scale: 2 }),
  ];
  assert.deepEqual(resolve("scaled", presets), { scale: 3, strip: true });
  assert.deepEqual(resolve("sized", presets), { to: "4k", fit: "cover", strip: true });
});

Deno.test("presetChain() takes the first of a name, and extends the next", () => {
  const presets = [
    presetOf("web", { tile: 32 }, "web", "a/tessera.json"),
    presetOf("web", { tile: 16, strip: true }, "web", "b/tessera.json"),
    presetOf("web", { fit: "inside" }),
  ];
  assert.deepEqual(presetChain("web", presets), presets);
  assert.deepEqual(resolve("web", presets), { tile: 32, strip: true, fit: "inside" });
});

const BROKEN: [presets: Preset[], message: string][] = [
  [[presetOf("b", {}), presetOf("c", {})], 'There is no preset "a": there are b, c'],
  [
    [presetOf("a", {}, "none")],
    'Cannot use the preset "a": it extends "none", which does not exist',
  ],
  [
    [presetOf("a", {}, "b", "t.json"), presetOf("b", {}, "a", "t.json")],
    'Cannot use the preset "b" in "t.json": it extends "a", which builds on it in turn',
  ],
  [
    [presetOf("a", { scal: 2 }, undefined, "t.json")],
    'Cannot use the preset "a" in "t.json": no preset has an option "scal"',
  ],
  [
    [presetOf("a", { preset: true })],
    'Cannot use the preset "a": no preset has an option "preset"',
  ],
  [
    [presetOf("a", { toString: true })],
    'Cannot use the preset "a": no preset has an option "toString"',
  ],
  [
    [presetOf("a", {}, "b"), presetOf("b", { scale: 99 })],
    'Cannot use the preset "b": Expected a number from 1 to 16 for "scale" but received "99"',
  ],
  [
    [presetOf("a", { fit: "contains" })],
    'Cannot use the preset "a": Expected cover or inside for "fit" but received "contains"',
  ],
  [
    [presetOf("a", { strip: "yes" })],
    'Cannot use the preset "a": Expected true or false for "strip" but received "yes"',
  ],
  [
    [presetOf("a", { scale: true })],
    'Cannot use the preset "a": Expected S for "scale" but received true',
  ],
];

for (const [presets, message] of BROKEN) {
  Deno.test(`a preset is refused: ${message}`, () => {
    assert.throws(() => resolve("a", presets), { name: "UsageError", message });
  });
}

interface Home {
  folder: string;
  /** Where the user's own presets go. */
  user: string;
  run(...args: string[]): ReturnType<typeof runProgram>;
}

/** Runs `work` in a folder with a home of its own. */
async function atHome(work: (home: Home) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const home = join(folder, "home");
    const config = Deno.build.os === "windows" ? home : join(home, ".config");
    await Deno.mkdir(join(config, "tessera"), { recursive: true });
    const env = { HOME: home, APPDATA: home, XDG_CONFIG_HOME: "", DENO_DIR: await denoFolder() };
    const run = (...args: string[]) => runProgram(args, { cwd: folder, env });
    await work({ folder, user: join(config, "tessera", "tessera.json"), run });
  });
}

/** Where Deno keeps what it fetched: it would look for that in another home, too. */
async function denoFolder(): Promise<string> {
  const info = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] });
  return JSON.parse(toOutcome(await info.output()).stdout).denoDir;
}

function writePresets(path: string, presets: Record<string, unknown>): Promise<void> {
  return Deno.writeTextFile(path, JSON.stringify({ presets }));
}

Deno.test("tessera --preset stands for options; those given win", async () => {
  await atHome(async ({ folder, run }) => {
    await writePicture(join(folder, "a.png"));
    const small = { model: "bicubic", scale: 2, format: "jpeg", quality: 30 };
    await writePresets(join(folder, "tessera.json"), { small });
    const plain = await run("a.png", "--preset", "small");
    assert.equal(plain.code, 0, plain.stderr);
    assert.match(plain.stderr, /a\.png -> a-x2\.jpg \(24 x 18/);
    const given = await run("a.png", "--scale", "3", "--preset=small", "--format", "webp");
    assert.match(given.stderr, /a\.png -> a-x3\.webp \(36 x 27/);
    const scaled = await run("a.png", "--preset=wallpaper", "--scale=4", "--model=bicubic");
    assert.match(scaled.stderr, /a\.png -> a-x4\.png \(48 x 36/);
    const planned = await run("plan", "a.png", "--preset", "small", "--json");
    assert.equal(planned.code, 0, planned.stderr);
    assert.equal(JSON.parse(planned.stdout).outputWidth, 24);
    assert.deepEqual(filesIn(folder), [
      "a-x2.jpg",
      "a-x3.webp",
      "a-x4.png",
      "a.png",
      "home",
      "tessera.json",
    ]);
  });
});

Deno.test("the folder's presets come before the user's, and those before Tessera's", async () => {
  await atHome(async ({ folder, user, run }) => {
    await writePresets(user, { web: { quality: 70, extends: "web" }, mine: { scale: 2 } });
    await writePresets(join(folder, "tessera.json"), { mine: { scale: 3, summary: "triple" } });
    const { code, stdout, stderr } = await run("presets", "--json");
    assert.equal(code, 0, stderr);
    const presets = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const found = (name: string) => presets.filter((preset) => preset.name === name);
    assert.deepEqual(found("mine"), [
      { name: "mine", file: "tessera.json", summary: "triple", options: { scale: 3 } },
    ]);
    const [web, ...others] = found("web");
    assert.deepEqual([web.file, web.options.quality, web.options.format], [user, 70, "jpeg"]);
    assert.deepEqual(others, []);
    const text = await run("presets");
    assert.match(text.stdout, /^ {2}mine +triple \(tessera\.json\)\n +--scale 3$/m);
  });
});

Deno.test("every preset that comes with Tessera can be used", async () => {
  await atHome(async ({ folder, run }) => {
    await writePicture(join(folder, "a.png"), testPicture(480, 270, 3));
    const { stdout } = await run("presets", "--json");
    for (const line of stdout.trim().split("\n")) {
      const { name, file, summary } = JSON.parse(line);
      assert.ok(file === null && summary.length > 0);
      const { code, stderr } = await run("plan", "a.png", "--preset", name, "--model", "bicubic");
      assert.equal(code, 0, `${name}: ${stderr}`);
    }
  });
});

Deno.test({
  name: "XDG_CONFIG_HOME is where presets are looked for, if it is set",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      await Deno.mkdir(join(folder, "tessera"));
      await writePresets(join(folder, "tessera", "tessera.json"), { mine: { scale: 5 } });
      const { stdout } = await runProgram(["presets"], { env: { XDG_CONFIG_HOME: folder } });
      assert.match(stdout, /mine .*\n +--scale 5$/m);
    }),
});

Deno.test("tessera --preset web leaves a JPEG without GPS and profile", async () => {
  await atHome(async ({ folder, run }) => {
    await writePicture(join(folder, "a.png"));
    const { code, stderr } = await run("a.png", "--preset=web", "--scale=2", "--model=bicubic");
    assert.equal(code, 0, stderr);
    const [name] = filesIn(folder).filter((name) => name.endsWith(".jpg"));
    const { metadata } = await decodePicture(await Deno.readFile(join(folder, name)));
    assert.deepEqual(metadata, {});
  });
});

const UNUSABLE: [text: string, message: RegExp][] = [
  ["{", /Cannot use "tessera\.json": it is no JSON: /],
  ["[]", /Cannot use "tessera\.json": expected \{ "presets"/],
  ['{ "presets": { "a": 1 } }', /expected an object for the preset "a"/],
  [
    '{ "presets": { "a": { "scale": null } } }',
    /a number, true or false for "scale" of the preset/,
  ],
  ['{ "presets": { "a": { "extends": 2 } } }', /expected a text for "extends" of the preset "a"/],
  [
    '{ "presets": { "a": { "scal": 2 } } }',
    /preset "a" in "tessera\.json": no preset has an option/,
  ],
];

Deno.test("a file of presets that cannot be used is one clear error, if one is asked for", async () => {
  await atHome(async ({ folder, run }) => {
    await writePicture(join(folder, "a.png"));
    for (const [text, message] of UNUSABLE) {
      await Deno.writeTextFile(join(folder, "tessera.json"), text);
      for (const args of [["a.png", "--preset", "a"], ["plan", "a.png", "--preset", "a"]]) {
        const { code, stderr } = await run(...args);
        assert.equal(code, 2, stderr);
        assert.match(stderr, message);
        assert.match(stderr, /^tessera: [^\n]*\n$/);
      }
    }
    const { code, stderr } = await run("a.png", "--model", "bicubic");
    assert.equal(code, 0, stderr);
  });
});
