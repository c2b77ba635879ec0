/**
 * Whether a person stays the same person when a face is enlarged, asked of the network in
 * `bench/face_descriptor.ts`. It needs a package of 24 MB: `TESSERA_TEST=all`.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { inFolder, ROOT } from "../cli/program.ts";
import { hasShared, shared } from "../reference/shared.ts";

const PORTRAIT = "images/Kodak24/kodim04.png";

/** How a row of the table reads: label, mean distance, largest, how many pass for another person. */
const ROW = /^(\S+) (\d\.\d{3}) (\d\.\d{3}) (\d+)$/;

Deno.test({
  name: "A face that portrait-x4 enlarged is the same person's (TESSERA_TEST=all)",
  ignore: Deno.env.get("TESSERA_TEST") !== "all" || !hasShared(PORTRAIT),
  async fn() {
    await inFolder(async (folder) => {
      await Deno.copyFile(shared(PORTRAIT), join(folder, "portrait.png"));
      const permissions = [
        "--no-lock",
        "--no-prompt",
        "--allow-read",
        "--allow-ffi",
        "--allow-env",
      ];
      const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", ...permissions, `${ROOT}bench/faces.ts`, folder, "photo-x4", "portrait-x4"],
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const rows = new TextDecoder().decode(stdout).split("\n").flatMap((line) => {
        const found = ROW.exec(line);
        return found === null ? [] : [[found[1], Number(found[2])] as const];
      });
      const { bicubic, "photo-x4": photo, "portrait-x4": portrait } = Object.fromEntries(rows);
      assert.ok(portrait < 0.2, `portrait-x4: ${portrait} away from the truth`);
      assert.ok(photo < bicubic && portrait < bicubic, `${photo}, ${portrait}; bicubic ${bicubic}`);
    });
  },
});
