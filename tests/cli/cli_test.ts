/**
 * The program from outside: names, exit codes, what is printed where, and what is left on the disk;
 * and from inside where a process would be a long way round.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import {
  describeOptions,
  grouped,
  numberOption,
  parseOptions,
  switchOption,
  textOption,
} from "../../src/cli/options/arguments.ts";
import { explainError } from "../../src/cli/terminal/failure.ts";
import { type Job, outputIfKnown, planJobs } from "../../src/cli/batch/jobs.ts";
import { DEFAULT_PATTERN } from "../../src/cli/options/name_pattern.ts";
import { SUBCOMMANDS } from "../../src/cli/subcommands.ts";
import { UPSCALE_OPTIONS } from "../../src/cli/options/upscale_options.ts";
import { OutputFile } from "../../src/cli/files/output_file.ts";
import { formatDuration } from "../../src/cli/terminal/progress.ts";
import { checkDeno, OLDEST_DENO } from "../../src/cli/version.ts";
import { GpuError, InputError, ModelError, NoGpuError, UsageError } from "../../src/errors.ts";
import { DeviceLostError } from "../../src/gpu/device.ts";
import { decodePicture } from "../../src/pictures/mod.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { filesIn, inFolder, program, runProgram, toOutcome, writePicture } from "./program.ts";

const OPTIONS = {
  scale: numberOption({ value: "S", min: 1, max: 16, help: "factor" }),
  tile: numberOption({ value: "N", words: ["auto"], min: 16, max: 64, whole: true, help: "tile" }),
  output: textOption({ short: "o", value: "FILE", help: "result" }),
  quiet: switchOption("silence", "q"),
};

Deno.test("parseOptions() reads values, words, switches and the other arguments", () => {
  const args = ["a.png", "--scale=2.5", "--tile", "auto", "-q", "-o", "b.png", "--", "-c.png"];
  assert.deepEqual(parseOptions(OPTIONS, args), {
    values: { scale: 2.5, tile: "auto", output: "b.png", quiet: true },
    inputs: ["a.png", "-c.png"],
  });
});

Deno.test("parseOptions() reads numbers that begin or end with a point", () => {
  for (const [text, scale] of [["1.", 1], ["01.5", 1.5], [".5e1", undefined], [".", undefined]]) {
    const read = () => parseOptions(OPTIONS, ["--scale", String(text)]).values.scale;
    if (scale === undefined) assert.throws(read, { name: "UsageError" });
    else assert.equal(read(), scale);
  }
  assert.equal(UPSCALE_OPTIONS.denoise.read(".5", "--denoise"), 0.5);
  for (const text of ["4", "4x", "4X", "4.0x"]) {
    assert.equal(UPSCALE_OPTIONS.scale.read(text, "--scale"), 4);
  }
  assert.equal(parseOptions(UPSCALE_OPTIONS, ["-s", "4"]).values.scale, 4);
  assert.equal(parseOptions(UPSCALE_OPTIONS, ["-s4x"]).values.scale, 4);
  for (const text of ["jpg", "JPEG", ".jpg", "jpe", "jfif"]) {
    assert.equal(UPSCALE_OPTIONS.format.read(text, "--format"), "jpeg");
  }
  for (const text of ["xx", "", "x", "4xx"]) {
    assert.throws(() => UPSCALE_OPTIONS.scale.read(text, "--scale"), /from 1 to 16/);
    assert.throws(() => UPSCALE_OPTIONS.format.read(text, "--format"), /Expected png, jpeg/);
  }
});

Deno.test("parseOptions() gives what is absent its default", () => {
  assert.deepEqual(parseOptions(OPTIONS, []).values, {
    scale: undefined,
    tile: undefined,
    output: undefined,
    quiet: false,
  });
});

const REFUSED: [args: string[], message: string][] = [
  [["--scale", "17"], 'Expected a number from 1 to 16 for --scale but received "17"'],
  [["--scale", "4x"], 'Expected a number from 1 to 16 for --scale but received "4x"'],
  [["--scale", "0x4"], 'Expected a number from 1 to 16 for --scale but received "0x4"'],
  [["--scale", ""], 'Expected a number from 1 to 16 for --scale but received ""'],
  [["--scale", "NaN"], 'Expected a number from 1 to 16 for --scale but received "NaN"'],
  [["--tile", "8"], 'Expected auto or a whole number from 16 to 64 for --tile but received "8"'],
  [
    ["--tile", "2e1"],
    'Expected auto or a whole number from 16 to 64 for --tile but received "2e1"',
  ],
  [["--tile=16.5"], 'Expected auto or a whole number from 16 to 64 for --tile but received "16.5"'],
  [["-o", ""], 'Expected FILE for --output but received ""'],
  [["--scal", "4"], 'Unknown option "--scal": did you mean --scale?'],
  [["--frobnicate"], 'Unknown option "--frobnicate": --help lists them all'],
  [["-x"], 'Unknown option "-x": --help lists them all'],
  [
    ["-dash.jpg"],
    '"-dash.jpg" begins with a dash, as options do: write ./-dash.jpg, or -- before the pictures',
  ],
  [["--scale"], "Option '--scale <value>' argument missing"],
  [["--quiet=yes"], "Option '-q, --quiet' does not take an argument"],
];

for (const [args, message] of REFUSED) {
  Deno.test(`parseOptions() refuses ${JSON.stringify(args)}`, () => {
    assert.throws(() => parseOptions(OPTIONS, args), { name: "UsageError", message });
  });
}

Deno.test("describeOptions() aligns a line per option", () => {
  assert.equal(
    describeOptions(OPTIONS),
    [
      "Options:",
      "      --scale S      factor",
      "      --tile auto|N  tile",
      "  -o, --output FILE  result",
      "  -q, --quiet        silence",
    ].join("\n"),
  );
});

Deno.test("describeOptions() has the groups in their order, aligned with each other", () => {
  const { scale, tile, quiet } = OPTIONS;
  assert.equal(
    describeOptions({
      quiet,
      ...grouped("Memory and device", { tile }),
      ...grouped("Size", { scale }),
    }),
    [
      "Size:",
      "      --scale S      factor",
      "",
      "Memory and device:",
      "      --tile auto|N  tile",
      "",
      "Other options:",
      "  -q, --quiet        silence",
    ].join("\n"),
  );
});

Deno.test("explainError() gives each kind of failure its exit code", () => {
  const errors = [
    new UsageError(""),
    new InputError(""),
    new ModelError(""),
    new NoGpuError(""),
    new GpuError(""),
    new DeviceLostError(""),
    new ModelError("", { cause: new Deno.errors.NotCapable("") }),
    new Error(""),
  ];
  assert.deepEqual(
    errors.map((error) => [explainError(error).kind, explainError(error).exitCode]),
    [
      ["usage", 2],
      ["input", 3],
      ["model", 3],
      ["no-gpu", 4],
      ["gpu", 5],
      ["gpu", 5],
      ["permission", 2],
      ["unknown", 1],
    ],
  );
});

Deno.test("explainError() says in options what helps", () => {
  const remedies = ["more memory", "mode network"] as const;
  const { message } = explainError(new UsageError("Too little memory", { remedies }));
  assert.equal(message, "Too little memory: give more with --memory, or choose --mode network");
});

Deno.test("formatDuration() writes time spans as people say them", () => {
  const spans = [0.04, 9.94, 9.96, 59.4, 59.6, 185, 3599.6, 7800].map(formatDuration);
  assert.deepEqual(spans, [
    "0.0 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1 min 0 s",
    "3 min 5 s",
    "1 h 0 min",
    "2 h 10 min",
  ]);
});

Deno.test("checkDeno() refuses what is older than needed, and nothing else", () => {
  for (const version of [OLDEST_DENO, "2.9.10", "2.10.0", "3.0.0", "2.9.7+abc"]) checkDeno(version);
  for (const version of ["1.46.3", "2.8.9", "2.9.5", "2.9.5-rc.1"]) {
    assert.throws(() => checkDeno(version), UsageError);
  }
});

const DEFAULTS = {
  output: undefined,
  several: false,
  name: undefined,
  defaultPattern: DEFAULT_PATTERN,
  format: undefined,
};

/** Names that are all of the top folder, as jobs. */
function jobsFor(paths: string[], scale: number, request: object): Job[] {
  const inputs = paths.map((path) => ({ path, folder: "." }));
  const several = paths.length > 1;
  return planJobs(inputs, { ...DEFAULTS, several, known: { model: "m", scale }, ...request });
}

Deno.test("planJobs() names results after their inputs", () => {
  const named = (input: string, scale: number, request = {}) => {
    const [job] = jobsFor([input], scale, request);
    return [outputIfKnown(job), job.format];
  };
  assert.deepEqual(named("photos/a.JPG", 4), [join("photos", "a-x4.JPG"), "jpeg"]);
  assert.deepEqual(named("a.b.jpeg", 1.5), ["a.b-x1.5.jpeg", "jpeg"]);
  assert.deepEqual(named("a.png", 4 / 3), ["a-x1.333.png", "png"]);
  assert.deepEqual(named("a.jpg", 2, { format: "png" }), ["a-x2.png", "png"]);
  assert.deepEqual(named("a.png", 2, { format: "jpeg" }), ["a-x2.jpg", "jpeg"]);
  assert.deepEqual(named("scan.bmp", 2), ["scan-x2.png", "png"]);
  assert.deepEqual(named("scan", 2), [undefined, undefined], "only its bytes tell");
  assert.deepEqual(named("scan", 2, { format: "png" }), ["scan-x2.png", "png"]);
  assert.deepEqual(named(".jpg", 2), [".jpg-x2.jpg", "jpeg"]);
  assert.deepEqual(named("d/a.png", 2, { output: "e/" }), [join("e", "a-x2.png"), "png"]);
  assert.deepEqual(named("a.png", 2, { output: "b", format: "jpeg" }), ["b", "jpeg"]);
});

Deno.test("planJobs() refuses names that contradict each other", async () => {
  await inFolder(async (folder) => {
    const [a, link] = [join(folder, "a.png"), join(folder, "link.png")];
    await writePicture(a);
    await Deno.symlink(a, link);
    const refused: [inputs: string[], request: object, message: RegExp][] = [
      [[a, "b.png"], { output: "c.png" }, /Expected a folder/],
      [[a], { output: "c.png", format: "jpeg" }, /contradicts/],
      [[a], { output: "c.bmp" }, /Expected a name with one of the endings \.png, \.jpg/],
    ];
    for (const [inputs, request, message] of refused) {
      assert.throws(() => jobsFor(inputs, 4, request), { name: "UsageError", message });
    }
    const problems: [inputs: string[], request: object, (RegExp | undefined)[]][] = [
      [[a], { output: a }, [/is an input/]],
      [[a], { output: link }, [/is an input/]],
      [["x/a.png", "y/a.png", "z/b.png"], { output: folder }, [
        undefined,
        /Two pictures would be written to ".*a-x4.png", which is that of "x\/a.png": \{from\}/,
        undefined,
      ]],
    ];
    for (const [inputs, request, expected] of problems) {
      jobsFor(inputs, 4, request).forEach(({ problem }, i) => {
        if (expected[i] === undefined) assert.equal(problem, undefined);
        else assert.match(`${problem}`, expected[i]);
      });
    }
  });
});

Deno.test("OutputFile appears under its name when it is whole, and leaves nothing before", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "a.png");
    {
      using _abandoned = new OutputFile(path, { overwrite: false });
      assert.deepEqual(filesIn(folder), [`.a.png.${Deno.pid}.partial`]);
    }
    assert.deepEqual(filesIn(folder), []);
    using file = new OutputFile(path, { overwrite: false });
    await file.write(Uint8Array.of(1, 2));
    await file.write(Uint8Array.of(3));
    await file.commit();
    assert.deepEqual(filesIn(folder), ["a.png"]);
    assert.deepEqual(await Deno.readFile(path), Uint8Array.of(1, 2, 3));
  });
});

Deno.test("OutputFile replaces only what it may", async () => {
  await inFolder(async (folder) => {
    const [path, link] = [join(folder, "a.png"), join(folder, "link.png")];
    await Deno.writeFile(path, Uint8Array.of(1));
    await Deno.symlink(path, link);
    assert.throws(() => new OutputFile(path, { overwrite: false }), /exists: --overwrite/);
    assert.throws(() => new OutputFile(folder, { overwrite: true }), /is no file/);
    assert.throws(
      () => new OutputFile(join(folder, "none", "a.png"), { overwrite: true }),
      /there is no such folder/,
    );
    using file = new OutputFile(link, { overwrite: true });
    await file.write(Uint8Array.of(2));
    await file.commit();
    assert.ok((await Deno.lstat(link)).isSymlink);
    assert.deepEqual(await Deno.readFile(path), Uint8Array.of(2));
  });
});

Deno.test("OutputFile does not replace a file that appeared meanwhile", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "a.png");
    {
      using file = new OutputFile(path, { overwrite: false });
      await Deno.writeFile(path, Uint8Array.of(1));
      await assert.rejects(file.commit(), /exists/);
    }
    assert.deepEqual(filesIn(folder), ["a.png"]);
    assert.deepEqual(await Deno.readFile(path), Uint8Array.of(1));
  });
});

Deno.test("tessera photo.jpg writes photo-x4.jpg beside it", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "photo.jpg"));
    const { code, stdout, stderr } = await runProgram(["photo.jpg"], { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "");
    const [damage, ...rest] = stderr.trim().split("\n");
    // Where it takes long, there is progress between the two.
    const done = rest.at(-1)!;
    assert.equal(damage, "photo-x4.jpg: JPEG of quality 92: denoise 0.25");
    assert.match(done, /^photo\.jpg -> photo-x4\.jpg \(48 x 36, consistency .* dB, \d+\.\d s\)$/);
    assert.deepEqual(filesIn(folder), ["photo-x4.jpg", "photo.jpg"]);
    const result = await decodePicture(await Deno.readFile(join(folder, "photo-x4.jpg")));
    assert.deepEqual([result.width, result.height], [48, 36]);
  });
});

Deno.test("tessera --json tells programs what was done, and --quiet people nothing", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    const args = ["a.png", "--scale", "2.5", "-o", "b.jpg", "--model", "fast-x4"];
    const settings = ["--json", "--quiet", "--precision", "f32", "--quality", "80", "--tile", "16"];
    const { code, stdout, stderr } = await runProgram([...args, ...settings], { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    const { seconds, adapter, gpuBytes, tiles, consistency, ...report } = JSON.parse(stdout);
    assert.deepEqual(report, {
      input: "a.png",
      output: "b.jpg",
      width: 12,
      height: 9,
      outputWidth: 30,
      outputHeight: 23,
      model: "fast-x4",
      scale: 2.5,
      precision: "f32",
      exact: true,
      denoise: 0,
      retries: [],
    });
    assert.ok(consistency >= 45, `${consistency} dB`);
    assert.deepEqual(Object.keys(seconds), ["decode", "upscale", "encode", "total"]);
    assert.ok(adapter.length > 0 && gpuBytes > 0 && tiles >= 1);
  });
});

Deno.test("tessera goes on after a picture that fails, and says so with exit code 1", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "good.png"));
    await Deno.writeTextFile(join(folder, "bad.png"), "not a picture");
    await Deno.mkdir(join(folder, "out"));
    const args = ["bad.png", "none.png", "good.png", "-o", "out", "--model", "bicubic", "--json"];
    const { code, stdout } = await runProgram(args, { cwd: folder });
    assert.equal(code, 1);
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const { summary } = lines.pop();
    assert.deepEqual(lines.map(({ error, output }) => error?.kind ?? output), [
      "input",
      "input",
      join("out", "good-x4.png"),
    ]);
    assert.deepEqual([summary.done, summary.skipped, summary.failed], [1, 0, 2]);
    assert.deepEqual(filesIn(join(folder, "out")), [".tessera", "good-x4.png"]);
  });
});

const FAILING: [args: string[], code: number, message: RegExp][] = [
  [[], 2, /No picture was given/],
  [["a.png", "--bogus"], 2, /Unknown option "--bogus"/],
  [["a.png", "--scale", "0.5"], 2, /Expected a number from 1 to 16 for --scale/],
  [["a.png", "--backend", "metal"], 2, /Expected deno or dawn for --backend/],
  [["a.png", "-o", "taken.png"], 2, /"taken\.png" exists: --overwrite replaces it/],
  [["a.png", "-o", "none/b.png"], 2, /there is no such folder/],
  [["a.png", "-o", "a.png", "--overwrite"], 2, /is an input/],
  [["soft.png", "-o", "b.jpg"], 2, /JPEG cannot hold the picture's transparency/],
  [["none.png"], 3, /There is no such file/],
  [["."], 2, /Results of several pictures need a folder: --output FOLDER/],
  [["taken.png"], 3, /taken\.png: /],
  [["a.png", "--model", "none"], 3, /neither a file nor one of the embedded models/],
  [["a.png", "--model", "taken.png"], 3, /Cannot use the model "taken\.png"/],
  [["doctor", "extra"], 2, /Unexpected argument "extra"/],
  [["models", "--bogus"], 2, /Unknown option/],
];

Deno.test("tessera fails with one clear error and its exit code, and writes nothing", async (t) => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    await writePicture(join(folder, "soft.png"), testPicture(12, 9, 4));
    await Deno.writeTextFile(join(folder, "taken.png"), "not a picture");
    const before = filesIn(folder);
    for (const [args, code, message] of FAILING) {
      await t.step(`tessera ${args.join(" ")}`, async () => {
        const outcome = await runProgram(args, { cwd: folder });
        assert.match(outcome.stderr, message);
        assert.match(outcome.stderr, /^tessera: [^\n]*\n$/);
        assert.equal(outcome.code, code);
        assert.equal(outcome.stdout, "");
        assert.deepEqual(filesIn(folder), before);
      });
    }
  });
});

Deno.test("tessera --json reports wrong usage on stdout, too", async () => {
  const { code, stdout } = await runProgram(["--json", "--scale", "99"]);
  assert.equal(code, 2);
  assert.equal(JSON.parse(stdout).error.kind, "usage");
});

Deno.test("tessera says in one line that JPEG cannot hold 16 bits", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "deep.png"), testPicture(12, 9, 3, 16));
    const args = ["deep.png", "-o", "flat.jpg", "--model", "bicubic"];
    const { code, stderr } = await runProgram(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /^flat\.jpg: JPEG holds 8 bits per sample, not 16\n.*\n$/,
    );
  });
});

Deno.test("tessera writes a JPEG where transparency is only claimed", async () => {
  await inFolder(async (folder) => {
    const opaque = testPicture(12, 9, 4);
    for (let i = 3; i < opaque.data.length; i += 4) opaque.data[i] = 255;
    await writePicture(join(folder, "a.png"), opaque);
    const args = ["a.png", "-o", "b.jpg", "--model", "bicubic"];
    assert.equal((await runProgram(args, { cwd: folder })).code, 0);
  });
});

Deno.test("tessera without a GPU has exit code 4 and says what helps", async () => {
  // The one is heard by Deno's own WebGPU, the other by Dawn through Vulkan's loader.
  const env = { DENO_WEBGPU_BACKEND: "none", VK_DRIVER_FILES: "none" };
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    const upscaling = await runProgram(["a.png"], { cwd: folder, env });
    assert.equal(upscaling.code, 4);
    assert.match(upscaling.stderr, /mesa-vulkan-drivers/);
    const doctor = await runProgram(["doctor", "--json"], { env });
    assert.equal(doctor.code, 4);
    const { gpu, advice } = JSON.parse(doctor.stdout);
    assert.equal(gpu, null);
    assert.match(advice.join("\n"), /mesa-vulkan-drivers/);
  });
});

Deno.test("tessera doctor shows the adapter and what will be used", async () => {
  const text = await runProgram(["doctor"]);
  assert.equal(text.code, 0, text.stderr);
  const words = [
    "Adapter",
    "Features used",
    "Limits",
    "Matrix units",
    "Precision",
    "Memory",
    "Check",
  ];
  for (const word of [...words, "Dawn"]) {
    assert.match(text.stdout, new RegExp(`^ +${word} `, "m"));
  }
  const json = await runProgram(["doctor", "--json"]);
  const { gpu, dawn } = JSON.parse(json.stdout);
  if (gpu.matrixUnits.shape === undefined) {
    assert.match(gpu.matrixUnits.missing, /^the adapter (lacks|is software)/);
  }
  assert.match(dawn.package, /^npm:webgpu@\d+\.\d+\.\d+$/);
  assert.ok(["present", "absent"].includes(dawn.state), dawn.state);
  assert.ok(gpu.adapter.description.length > 0 && gpu.plan.outputWidth === 3840);
});

Deno.test("tessera models, --help and --version print to stdout", async () => {
  const models = await runProgram(["models", "--json"]);
  assert.ok(models.stdout.trim().split("\n").some((line) => JSON.parse(line).default));
  assert.match((await runProgram(["models"])).stdout, /\(default\)/);
  assert.match((await runProgram(["--version"])).stdout, /^tessera \d+\.\d+\.\d+ \(deno .*\)\n$/);
  const commands = SUBCOMMANDS.map(({ name }) => [name as string]);
  for (const command of [[], ...commands, ["models", "pull"]]) {
    const { code, stdout, stderr } = await runProgram([...command, "--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^Usage: tessera/m);
    assert.ok(stdout.split("\n").every((line) => line.length <= 80), stdout);
  }
});

for (const [name, signals] of [["SIGINT", 1], ["SIGTERM", 1], ["SIGINT", 2]] as const) {
  Deno.test({
    name: `tessera ends with exit code 130 and leaves nothing after ${signals} x ${name}`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await inFolder(async (folder) => {
        await writePicture(join(folder, "a.png"), testPicture(400, 300, 3));
        const child = program(["a.png", "--tile", "32"], { cwd: folder }).spawn();
        await untilPartial(folder);
        const output = child.output();
        for (let sent = 0; sent < signals; sent++) {
          sendSignal(child, name);
          await delay(100);
        }
        const { code, stderr } = toOutcome(await output);
        assert.equal(code, 130, stderr);
        assert.match(stderr, /Stopping after the current tile/);
        assert.deepEqual(filesIn(folder), ["a.png"]);
      });
    },
  });
}

/** A program that has already stopped at the first signal needs no second one. */
function sendSignal(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

/** Waits until the program has begun to write: it works now. */
async function untilPartial(folder: string): Promise<void> {
  while (!filesIn(folder).some((name) => name.endsWith(".partial"))) await delay(10);
  await delay(200);
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
