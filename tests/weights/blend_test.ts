/** Networks mixed weight by weight: `--blend`, and the library's `blend`. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { Network } from "../../src/networks/network.ts";
import { embeddedModels, loadModel } from "../../src/weights/library.ts";
import { filesIn, inFolder, runProgram, writePicture } from "../cli/program.ts";
import { hasShared, shared } from "../reference/shared.ts";

function weightsOf({ operations }: Network): Float32Array[] {
  return operations.flatMap((operation) =>
    operation.kind === "conv" ? [operation.weight, operation.bias] : []
  );
}

Deno.test("loadModel() mixes two networks of one shape, each weight by itself", async () => {
  const [a, b] = await Promise.all(["photo-x4", "restore-x4"].map((name) => loadModel(name)));
  const { label, network } = await loadModel("photo-x4", {
    blend: { model: "restore-x4", amount: 0.3 },
  });
  assert.equal(label, "photo-x4, 0.3 of restore-x4");
  const [left, right] = [weightsOf(a.network), weightsOf(b.network)];
  weightsOf(network).forEach((mixed, i) => {
    mixed.forEach((value, k) => {
      assert.ok(Math.abs(value - (0.7 * left[i][k] + 0.3 * right[i][k])) < 1e-6);
    });
  });
});

Deno.test("loadModel() gives either network at the ends of the range", async () => {
  for (const [amount, name] of [[0, "fast-x4"], [1, "fast-restore-x4"]] as const) {
    const { network } = await loadModel("fast-x4", { blend: { model: "fast-restore-x4", amount } });
    assert.deepEqual(weightsOf(network), weightsOf((await loadModel(name)).network));
  }
});

Deno.test("loadModel() refuses to mix networks of two shapes, or a mixture twice", async () => {
  const blend = { model: "fast-x4", amount: 0.5 };
  await assert.rejects(loadModel("photo-x4", { blend }), {
    name: "ModelError",
    message: /^Cannot blend networks of different shapes: /,
  });
  await assert.rejects(loadModel("photo-x4", { blend, denoise: 0.5 }), {
    name: "UsageError",
    message: "Expected either denoise or a blend but received both",
  });
});

Deno.test("tessera --blend gives what --denoise gives with the same networks", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    const run = async (output: string, ...options: string[]) => {
      const args = ["a.png", "-o", output, "--mode", "network", "--strip", ...options];
      const { code, stderr } = await runProgram(args, { cwd: folder });
      assert.equal(code, 0, stderr);
      return await Deno.readFile(join(folder, output));
    };
    const blended = await run("b.png", "--blend", "restore-x4:0.5");
    assert.deepEqual(blended, await run("d.png", "--denoise", "0.5"));
    assert.notDeepEqual(blended, await run("p.png", "--denoise", "0"));
  });
});

Deno.test({
  name: "tessera --blend mixes a .pth and a safetensors file (../shared)",
  ignore: !hasShared("models/realesr-animevideov3.pth"),
  fn: () =>
    inFolder(async (folder) => {
      await writePicture(join(folder, "a.png"));
      const [pth, safe] = ["pth", "safetensors"].map((ending) =>
        shared(`models/realesr-animevideov3.${ending}`).pathname
      );
      const outputs = [];
      for (const blend of [[], ["--blend", `${safe}:0.5`]]) {
        const args = ["a.png", "-o", "b.png", "--overwrite", "--strip", "--model", pth, ...blend];
        const { code, stderr } = await runProgram(args, { cwd: folder });
        assert.equal(code, 0, stderr);
        outputs.push(await Deno.readFile(join(folder, "b.png")));
      }
      assert.deepEqual(outputs[0], outputs[1], "half of a network and half of itself");
    }),
});

const REFUSED: [args: string[], code: number, message: RegExp][] = [
  [["--blend", "restore-x4"], 2, /Expected MODEL:SHARE with a share from 0 to 1 for --blend/],
  [["--blend", "restore-x4:1.5"], 2, /for --blend but received "restore-x4:1\.5"/],
  [["--blend", "restore-x4:-1"], 2, /for --blend but received/],
  [["--blend", "nothing:0.5"], 3, /Model "nothing" is neither a file nor one of the embedded/],
  [["--blend", "fast-x4:0.5"], 3, /Cannot blend networks of different shapes/],
  [["--blend", "restore-x4:0.5", "--denoise", "0.5"], 2, /either denoise or a blend/],
  [["--blend", "restore-x4:0.5", "--model", "bicubic"], 2, /Blending needs a network, not bicubic/],
];

Deno.test("tessera refuses blends that make no sense, and writes nothing", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    for (const [args, code, message] of REFUSED) {
      const outcome = await runProgram(["a.png", ...args], { cwd: folder });
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, message);
      assert.deepEqual(filesIn(folder), ["a.png"]);
    }
  });
});

Deno.test("a blend is recorded with both of its networks, and named in the result's name", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    const args = ["a.png", "--blend", "restore-x4:0.25", "--name", "{name}-{model}.png"];
    const { code, stderr } = await runProgram(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.deepEqual(filesIn(folder), ["a-photo-x4-0.25-of-restore-x4.png", "a.png"]);
    const file = new TextDecoder("latin1").decode(
      await Deno.readFile(join(folder, "a-photo-x4-0.25-of-restore-x4.png")),
    );
    for (const name of ["photo-x4", "restore-x4"]) {
      const { sha256 } = embeddedModels().find((model) => model.name === name)!;
      assert.ok(file.includes(sha256), `the hash of ${name} is not in the record`);
    }
  });
});
