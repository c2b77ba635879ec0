/**
 * What batches are made of: globs, names, the search for pictures, shards and the ledger, each without
 * a picture being upscaled.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { globToRegExp } from "../../src/cli/batch/glob.ts";
import { findInputs, type InputRequest } from "../../src/cli/batch/inputs.ts";
import {
  type Job,
  outputFolder,
  outputIfKnown,
  outputOf,
  planJobs,
} from "../../src/cli/batch/jobs.ts";
import { keyOfJob, Ledger, LEDGER_FOLDER } from "../../src/cli/batch/ledger.ts";
import { DEFAULT_PATTERN, parsePattern } from "../../src/cli/options/name_pattern.ts";
import {
  isInShard,
  SHARD_OPTION,
  shardFrom,
  type ShardVariables,
} from "../../src/cli/batch/shard.ts";
import { effectiveSettings } from "../../src/cli/batch/settings.ts";
import { filesIn, inFolder } from "./program.ts";

const GLOBS: [glob: string, matching: string[], others: string[]][] = [
  ["*.jpg", ["a.jpg", "a b.c.jpg"], ["a.jpeg", "d/a.jpg", "ajpg"]],
  ["a?.png", ["ab.png", "aü.png"], ["a.png", "a/.png", "abc.png"]],
  ["d/**/*.{jpg,png}", ["d/a.jpg", "d/e/a.png", "d/e/f/a.jpg"], ["a.jpg", "d/a.gif", "dd/a.jpg"]],
  ["d/**", ["d/a", "d/e/f"], ["e/d/a"]],
  ["{a,b{1,2},}.png", ["a.png", "b1.png", "b2.png", ".png"], ["b.png", "a,b1.png"]],
  ["[a-c][!0-9].png", ["ax.png", "cc.png"], ["dx.png", "a1.png", "a/.png"]],
  ["{d/x,e}/*.png", ["d/x/a.png", "e/a.png"], ["d/a.png"]],
  ["a+(b).$^{.png", ["a+(b).$^{.png"], ["aab.$^{.png"]],
];

for (const [glob, matching, others] of GLOBS) {
  Deno.test(`globToRegExp() reads ${glob}`, () => {
    const pattern = globToRegExp(glob);
    assert.deepEqual([...matching, ...others].filter((path) => pattern.test(path)), matching);
  });
}

Deno.test("parsePattern() refuses unknown placeholders, loose braces and folders", () => {
  const refused: [pattern: string, message: RegExp][] = [
    ["{nam}.png", /Unknown placeholder \{nam\} in --name "\{nam\}\.png": there are \{name\}, /],
    ["{name.png", /Unknown placeholder \{name\.png in/],
    ["name}.png", /Unknown placeholder name\}\.png in/],
    ["a/{name}.png", /Expected a name without folders for --name but received "a\/\{name\}\.png"/],
  ];
  for (const [pattern, message] of refused) {
    assert.throws(() => parsePattern(pattern), { name: "UsageError", message });
  }
});

/** Plans a picture `holiday/a.JPG` that goes to the folder `out`. */
function planned(name: string | undefined, others = {}): Job {
  const [job] = planJobs([{ path: join("holiday", "a.JPG"), folder: "sub" }], {
    output: "out/",
    several: true,
    name,
    defaultPattern: DEFAULT_PATTERN,
    format: undefined,
    known: { model: "photo-x4", scale: 4 },
    ...others,
  });
  return job;
}

Deno.test("names are filled in as far as they are known, the rest with the size", () => {
  assert.equal(outputIfKnown(planned(undefined)), join("out", "sub", "a-x4.JPG"));
  const all = "{parent}_{name}_{from}_{model}_{scale}.{ext}";
  assert.equal(
    outputIfKnown(planned(all)),
    join("out", "sub", "holiday_a_JPG_photo-x4_4.JPG"),
  );
  const known = { model: "4x My Net.safetensors" };
  assert.equal(
    outputIfKnown(planned("{model}.png", { known })),
    join("out", "sub", "4x-My-Net.png"),
  );
  const late = planned("{name}-{width}x{height}-{scale}.webp", { known: { model: "m" } });
  assert.equal(late.format, "webp");
  assert.equal(outputIfKnown(late), undefined);
  assert.equal(
    outputOf(late, { width: 30, height: 20 }, 4 / 3, "webp"),
    join("out", "sub", "a-30x20-1.333.webp"),
  );
});

Deno.test("a name's own ending is the format, and may not contradict --format", () => {
  assert.equal(planned("{name}.{ext}", { format: "png" }).format, "png");
  assert.throws(() => planned("{name}.png", { format: "jpeg" }), /contradicts the name/);
  assert.throws(() => planned("{name}.bmp"), /Expected a name with one of the endings .* --name/);
});

Deno.test("no pattern makes a name without an ending", () => {
  const named = (pattern: string, others = {}) => {
    const job = planned(pattern, others);
    return [outputIfKnown(job), job.isFormatAsked];
  };
  const out = (name: string) => join("out", "sub", name);
  assert.deepEqual(named("{name}-big"), [out("a-big.JPG"), false]);
  assert.deepEqual(named("v1.2"), [out("v1.2.JPG"), false]);
  assert.deepEqual(named("{name}", { format: "webp" }), [out("a.webp"), true]);
  assert.deepEqual(named("b-{scale}"), [out("b-4.JPG"), false]);
  assert.deepEqual(named("b.{from}"), [out("b.JPG"), true]);
  assert.deepEqual(named("b.{from}", { format: "png" }), [out("b.JPG.png"), true]);
  assert.deepEqual(named("{name}.webp"), [out("a.webp"), true]);
});

/** Finds inputs in a folder, and returns their paths and folders as `path > folder`. */
function found(folder: string, request: Partial<InputRequest>): string[] {
  const before = Deno.cwd();
  Deno.chdir(folder);
  try {
    const all = { names: [], list: undefined, output: "out", ...request };
    return findInputs(all).inputs.map(({ path, folder }) =>
      `${path} > ${folder}`.replaceAll("\\", "/")
    );
  } finally {
    Deno.chdir(before);
  }
}

async function makeFiles(folder: string, names: string[]): Promise<void> {
  for (const name of names) {
    const path = join(folder, name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.writeTextFile(path, name);
  }
}

Deno.test("findInputs() finds the pictures of folders, each once, and no results", async () => {
  await inFolder(async (folder) => {
    await makeFiles(folder, [
      "in/b.png",
      "in/a.JPG",
      "in/notes.txt",
      "in/.hidden.png",
      "in/.cache/c.png",
      "in/deep/er/d.tif",
      "in/earlier/result.png",
      "in/earlier/own.png",
      "out/r.png",
    ]);
    await makeFiles(folder, ["in/out/r.png"]);
    await Deno.symlink("..", join(folder, "in", "deep", "loop"));
    await Deno.symlink("b.png", join(folder, "in", "same.png"));
    await Deno.symlink("nowhere", join(folder, "in", "z.png"));
    {
      using ledger = new Ledger(join(folder, "in", "earlier"));
      ledger.record(join(folder, "in", "earlier", "result.png"), 1, "key");
    }
    const inside = [
      "in/a.JPG > .",
      "in/b.png > .",
      "in/deep/er/d.tif > deep/er",
      "in/earlier/own.png > earlier",
    ];
    assert.deepEqual(found(folder, { names: ["in"] }), [
      ...inside,
      "in/out/r.png > out",
      "in/z.png > .",
    ]);
    assert.deepEqual(found(folder, { names: ["in/"], output: "in/out" }), [
      ...inside,
      "in/z.png > .",
    ]);
    assert.deepEqual(found(folder, { names: ["in/*.png"] }), ["in/b.png > .", "in/z.png > ."]);
    assert.deepEqual(found(folder, { names: ["./in/**/*.{tif,JPG}"] }), [
      "in/a.JPG > .",
      "in/deep/er/d.tif > deep/er",
    ]);
    assert.deepEqual(found(folder, { names: ["in/same.png", "in/b.png"] }), ["in/same.png > ."]);
  });
});

function utf16(text: string, little: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * text.length));
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), little);
  return new Uint8Array(view.buffer);
}

Deno.test("findInputs() reads lists by lines or NUL, and keeps their folders", async () => {
  await inFolder(async (folder) => {
    await makeFiles(folder, ["d/a.png", "d/e/b c.png", "x.png", "f/y.png"]);
    const absolute = join(folder, "x.png");
    const names = ["d/a.png", "./d/e/b c.png", absolute, "none.png", "f"];
    const expected = [
      "d/a.png > d",
      "./d/e/b c.png > d/e",
      `${absolute} > .`,
      "none.png > .",
      "f/y.png > f",
    ];
    const windows = names.join("\r\n") + "\r\n";
    const lists = [names.join("\n"), windows, names.join("\0") + "\0", `\ufeff${windows}`];
    const bytes = [
      ...lists.map((text) => new TextEncoder().encode(text)),
      ...["\ufeff", ""].flatMap((mark) => [utf16(mark + windows, true), utf16(windows, false)]),
    ];
    for (const list of bytes) {
      await Deno.writeFile(join(folder, "list"), list);
      assert.deepEqual(found(folder, { list: "list" }), expected);
    }
    await Deno.writeTextFile(join(folder, "list"), "");
    assert.deepEqual(found(folder, { list: "list" }), []);
    assert.throws(() => found(folder, { list: "missing" }), {
      name: "UsageError",
      message: /Cannot read the list "missing"/,
    });
  });
});

Deno.test("findInputs() wants a folder for results, and something to do", async () => {
  await inFolder(async (folder) => {
    await makeFiles(folder, ["d/a.txt"]);
    assert.throws(() => found(folder, { names: ["d"], output: undefined }), {
      name: "UsageError",
      message: "Results of several pictures need a folder: --output FOLDER",
    });
    assert.throws(() => found(folder, { names: ["d", "*.png"] }), {
      name: "InputError",
      message: 'There is no picture in "d", "*.png"',
    });
  });
});

Deno.test("the folder of results may appear at any moment, as another shard makes it", async () => {
  await inFolder((folder) => {
    const output = join(folder, "out");
    const look = Deno.statSync;
    try {
      Deno.statSync = (path) => {
        try {
          return look(path);
        } finally {
          Deno.mkdirSync(output, { recursive: true });
        }
      };
      assert.equal(outputFolder({ output, several: true, name: undefined }), output);
    } finally {
      Deno.statSync = look;
    }
    return Promise.resolve();
  });
});

Deno.test("shardFrom() understands SLURM arrays and Indexed Jobs", () => {
  const slurm = (id: number, min: number, max: number, count: number): ShardVariables => ({
    SLURM_ARRAY_TASK_ID: String(id),
    SLURM_ARRAY_TASK_MIN: String(min),
    SLURM_ARRAY_TASK_MAX: String(max),
    SLURM_ARRAY_TASK_COUNT: String(count),
  });
  const partOf = (variables: ShardVariables) => {
    const shard = shardFrom(variables);
    return shard && [shard.index, shard.count];
  };
  assert.equal(partOf({}), undefined);
  assert.equal(partOf({ TESSERA_SHARDS: "4" }), undefined);
  assert.deepEqual(partOf({ JOB_COMPLETION_INDEX: "0", TESSERA_SHARDS: "4" }), [0, 4]);
  assert.deepEqual(partOf(slurm(0, 0, 7, 8)), [0, 8]);
  assert.deepEqual(partOf(slurm(8, 1, 8, 8)), [7, 8]);
  assert.deepEqual(partOf({ ...slurm(3, 3, 3, 1), TESSERA_SHARDS: "8" }), [3, 8]);
  const refused: [variables: ShardVariables, message: RegExp][] = [
    [{ JOB_COMPLETION_INDEX: "1" }, /set TESSERA_SHARDS to the job's completions/],
    [{ JOB_COMPLETION_INDEX: "4", TESSERA_SHARDS: "4" }, /shard 4 of 4/],
    [{ JOB_COMPLETION_INDEX: "x", TESSERA_SHARDS: "4" }, /whole number in JOB_COMPLETION_INDEX/],
    [slurm(3, 1, 7, 4), /4 tasks from 1 to 7/],
    [{ SLURM_ARRAY_TASK_ID: "1" }, /whole number in SLURM_ARRAY_TASK_MIN but received ""/],
  ];
  for (const [variables, message] of refused) {
    assert.throws(() => shardFrom(variables), { name: "UsageError", message });
  }
});

Deno.test("--shard counts from 1 to N", () => {
  const { index, count } = SHARD_OPTION.read("2/8", "--shard")!;
  assert.deepEqual([index, count], [1, 8]);
  for (const text of ["0/4", "5/4", "1", "a/b", "1/0", "-1/4"]) {
    assert.throws(() => SHARD_OPTION.read(text, "--shard"), /Expected I\/N, from 1\/N to N\/N/);
  }
});

Deno.test("every picture falls to exactly one shard, by its name alone", () => {
  const labels = Array.from({ length: 1000 }, () => `${crypto.randomUUID()}/a.png`);
  for (const count of [1, 3, 16]) {
    const sizes = Array.from(
      { length: count },
      (_, index) => labels.filter((label) => isInShard(label, { index, count, source: "" })).length,
    );
    assert.equal(sizes.reduce((sum, size) => sum + size), labels.length);
    assert.ok(Math.min(...sizes) > 0, sizes.join(" "));
  }
  // As published: other machines and later versions must come to the same shards.
  const shards = ["a.png", "b.png", "c/d.png"].map((label) =>
    [0, 1, 2, 3].findIndex((index) => isInShard(label, { index, count: 4, source: "" }))
  );
  assert.deepEqual(shards, [3, 2, 0]);
});

Deno.test("Ledger knows what is done, what is ours, and what is neither", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "sub", "a.png");
    {
      using ledger = new Ledger(folder);
      ledger.record(path, 3, "first");
      assert.equal(ledger.findDone("first"), undefined, "the file is not there yet");
      await makeFiles(folder, ["sub/a.png"]);
      await Deno.writeFile(path, new Uint8Array(3));
      assert.equal(ledger.findDone("first"), path);
    }
    const [name] = filesIn(join(folder, LEDGER_FOLDER));
    // As a kill leaves it: the second result was recorded, but never got its name.
    await Deno.writeTextFile(
      join(folder, LEDGER_FOLDER, name),
      `${JSON.stringify({ output: "sub/a.png", bytes: 5, key: "second" })}\n{"output":"sub/b`,
      { append: true },
    );
    using ledger = new Ledger(folder);
    assert.equal(ledger.findDone("first"), path);
    assert.equal(ledger.findDone("second"), undefined);
    assert.ok(ledger.isOurs(path));
    await Deno.writeFile(path, new Uint8Array(5));
    assert.equal(ledger.findDone("first"), undefined);
    assert.equal(ledger.findDone("second"), path);
    await Deno.writeFile(path, new Uint8Array(4));
    assert.deepEqual([ledger.findDone("second"), ledger.isOurs(path)], [undefined, false]);
  });
});

Deno.test("a key changes with bytes, settings, name and model, not with what is shown", async () => {
  await inFolder(async (folder) => {
    await makeFiles(folder, ["a.png", "model.safetensors"]);
    using ledger = new Ledger(folder);
    const values = { model: "fast-x4", quality: 90, json: false } as never as Values;
    const job = { ...planned(undefined), input: join(folder, "a.png"), folder };
    const keyFor = async (changed: object, name = job.name) => {
      const settings = await effectiveSettings({ ...values, ...changed }, 4);
      return await keyOfJob({ ...job, name }, ledger, settings);
    };
    const key = await keyFor({});
    assert.equal(await keyFor({ json: true, quiet: true, overwrite: true, output: "x" }), key);
    const model = join(folder, "model.safetensors");
    const others = [
      await keyFor({ quality: 91 }),
      await keyFor({ model: "photo-x4" }),
      await keyFor({ model }),
      await keyFor({}, ["other.png"]),
    ];
    await Deno.writeTextFile(model, "other weights");
    others.push(await keyFor({ model }));
    await Deno.writeTextFile(job.input, "other pixels");
    others.push(await keyFor({}));
    assert.equal(new Set([key, ...others]).size, others.length + 1);
  });
});

type Values = Parameters<typeof effectiveSettings>[0];
