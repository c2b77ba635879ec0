/**
 * `./tessera` on machines that lack something, made of a folder of commands as the whole PATH. The
 * commands that would install something are stand-ins that write down how they were called; with
 * `TESSERA_TEST=all` the real npm installs the real Deno.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { PERMISSIONS } from "../../src/cli/terminal/permissions.ts";
import { OLDEST_DENO } from "../../src/cli/version.ts";
import { inFolder, type Outcome, ROOT, toOutcome, writePicture } from "./program.ts";

const IGNORE = Deno.build.os === "windows";
const LINUX_ONLY = Deno.build.os !== "linux";
const FLAGS = PERMISSIONS.map(({ flag }) => flag).join(" ");

/** What the launcher itself calls. */
const TOOLS = ["sh", "dirname", "readlink", "uname", "id", "mkdir", "chmod", "env"];

/** A Deno that prints its arguments instead of running them. */
const ECHO_DENO =
  `if [ "$1" = --version ]; then echo "deno ${OLDEST_DENO} (x)"; else echo "$@"; fi`;

/** A machine with nothing but these commands. */
class Machine {
  readonly home: string;
  readonly #bin: string;
  readonly env: Record<string, string>;

  constructor(folder: string) {
    this.home = join(folder, "home");
    this.#bin = join(folder, "bin");
    for (const path of [this.home, this.#bin]) Deno.mkdirSync(path);
    for (const tool of TOOLS) this.link(tool, which(tool));
    this.env = { HOME: this.home, PATH: this.#bin, NO_COLOR: "1" };
  }

  link(name: string, target: string): void {
    Deno.symlinkSync(target, join(this.#bin, name));
  }

  /** Adds a command, or takes the place of one; `$BIN` in its text is the folder of commands. */
  script(name: string, text: string): string {
    const path = join(this.#bin, name);
    const draft = `${path}.draft`;
    Deno.writeTextFileSync(draft, `#!/bin/sh\n${text.replaceAll("$BIN", this.#bin)}\n`);
    Deno.chmodSync(draft, 0o755);
    // Not written in place: where the command is a link, that would reach the real one.
    Deno.renameSync(draft, path);
    return path;
  }

  async run(args: string[], launcher = join(ROOT, "tessera")): Promise<Outcome> {
    const options = { args, env: this.env, cwd: this.home, clearEnv: true };
    return toOutcome(await new Deno.Command(launcher, options).output());
  }
}

function which(tool: string): string {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const found = folders.map((folder) => join(folder, tool)).find(exists);
  if (found === undefined) throw new Error(`This test needs the command ${tool}`);
  return found;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function onMachine(name: string, work: (machine: Machine) => Promise<void>, ignore = IGNORE): void {
  Deno.test({ name, ignore, fn: () => inFolder((folder) => work(new Machine(folder))) });
}

onMachine(
  "the launcher runs cli.ts with the documented flags and all arguments",
  async (machine) => {
    machine.script("deno", ECHO_DENO);
    const { code, stdout, stderr } = await machine.run(["a b.jpg", "--scale", "2"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(stdout, `run ${FLAGS} ${ROOT}cli.ts a b.jpg --scale 2\n`);
  },
);

onMachine("the launcher gives the network only for a model by URL or to pull", async (machine) => {
  machine.script("deno", ECHO_DENO);
  const cases: [args: string[], net: boolean][] = [
    [["a.jpg", "--model", "https://host/m"], true],
    [["--model=http://host/m", "a.jpg"], true],
    [["models", "pull", "bsrgan-x4"], true],
    [["models"], false],
    [["a.jpg", "pull"], false],
  ];
  for (const [args, net] of cases) {
    const { stdout } = await machine.run(args);
    assert.equal(stdout.startsWith(`run ${FLAGS} --allow-net `), net, args.join(" "));
  }
});

onMachine("what loads a package of its own leaves deno.lock alone", async (machine) => {
  machine.script("deno", ECHO_DENO);
  const cases: [args: string[], isOwn: boolean][] = [
    [["bench", "--only", "quality"], true],
    [["inspect", "a.jpg", "--faces"], true],
    [["inspect", "a.jpg", "--faces", "--json"], true],
    [["inspect", "--faces", "a.jpg"], true],
    [["inspect", "a.jpg"], false],
    [["a.jpg", "--faces"], false],
    [["a.jpg", "--mode", "creative", "--protect", "faces"], true],
    [["--protect=faces", "a.jpg"], true],
    [["a.jpg", "--protect", "text"], false],
    [["watch", "in", "-o", "out", "--pad", "extend"], true],
    [["a.jpg", "--pad=extend"], true],
    [["a.jpg", "--pad", "blur"], false],
    [["a.jpg", "--preset", "wallpaper"], true],
    [["preview", "a.jpg"], true],
    [["a.jpg", "--backend", "dawn"], true],
    [["bench.jpg"], false],
  ];
  for (const [args, isOwn] of cases) {
    const { stdout } = await machine.run(args);
    assert.equal(stdout.startsWith(`run --no-lock ${FLAGS} `), isOwn, args.join(" "));
  }
});

onMachine("the launcher runs the real program, through a link, without noise", async (machine) => {
  machine.link("deno", Deno.execPath());
  machine.env.DENO_DIR = await denoDir();
  machine.link("upscale", join(ROOT, "tessera"));
  await writePicture(join(machine.home, "a.jpg"));
  const link = join(machine.env.PATH, "upscale");
  const { code, stderr } = await machine.run(["a.jpg", "--model", "bicubic"], link);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^a\.jpg -> a-x4\.jpg .*\n$/);
});

onMachine("the launcher passes over a Deno that is too old", async (machine) => {
  machine.script("deno", `echo "deno 2.9.5 (x)"`);
  await Deno.mkdir(join(machine.home, ".deno/bin"), { recursive: true });
  await Deno.symlink(
    machine.script("new-deno", ECHO_DENO),
    join(machine.home, ".deno/bin/deno"),
  );
  assert.match((await machine.run(["x"])).stdout, /^run /);
});

onMachine("the launcher installs Deno with npm, once", async (machine) => {
  machine.script("new-deno", ECHO_DENO);
  machine.script(
    "npm",
    `echo "npm $*" >>"$HOME/calls"
    mkdir -p "$3/node_modules/@deno/some-system"
    ${which("ln")} -s "$BIN/new-deno" "$3/node_modules/@deno/some-system/deno"`,
  );
  assert.match((await machine.run(["x"])).stdout, /^run /);
  assert.match((await machine.run(["x"])).stdout, /^run /);
  const calls = await Deno.readTextFile(join(machine.home, "calls"));
  const folder = join(machine.home, ".local/share/tessera");
  assert.match(calls, new RegExp(`^npm install --prefix ${folder} .* deno@${OLDEST_DENO}\n$`));
});

onMachine(
  "the launcher installs Deno with its installer where there is no npm",
  async (machine) => {
    machine.script("new-deno", ECHO_DENO);
    machine.script("unzip", "");
    machine.script(
      "curl",
      `echo "echo \\"\\$*\\" >\\"\\$HOME/calls\\"; mkdir -p \\"\\$DENO_INSTALL/bin\\"
      ${which("ln")} -s $BIN/new-deno \\"\\$DENO_INSTALL/bin/deno\\""`,
    );
    assert.match((await machine.run(["x"])).stdout, /^run /);
    assert.equal(await Deno.readTextFile(join(machine.home, "calls")), `v${OLDEST_DENO}\n`);
  },
);

onMachine("the launcher says what to do where Deno cannot be had", async (machine) => {
  const { code, stdout, stderr } = await machine.run(["x"]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, new RegExp(`npm install --global deno@${OLDEST_DENO}`));
});

onMachine("the launcher installs a Vulkan driver as root", async (machine) => {
  withoutVulkan(machine);
  machine.script("id", "echo 0");
  machine.script("apt-get", `echo "$*" >>"$HOME/calls"`);
  assert.equal((await machine.run(["x"])).code, 0);
  const calls = await Deno.readTextFile(join(machine.home, "calls"));
  assert.match(calls, /^update .*\ninstall .* mesa-vulkan-drivers libvulkan1\n$/);
}, LINUX_ONLY);

onMachine("the launcher installs a Vulkan driver with sudo that asks nothing", async (machine) => {
  withoutVulkan(machine);
  machine.script("id", "echo 1000");
  machine.script("sudo", `[ "$1" = -n ] && shift && "$@"`);
  machine.script("true", "");
  machine.script("apt-get", `echo "$*" >>"$HOME/calls"`);
  assert.equal((await machine.run(["x"])).code, 0);
  assert.match(await Deno.readTextFile(join(machine.home, "calls")), /mesa-vulkan-drivers/);
}, LINUX_ONLY);

onMachine(
  "the launcher says which driver to install where it cannot, and goes on",
  async (machine) => {
    withoutVulkan(machine);
    const { code, stdout, stderr } = await machine.run(["x"]);
    assert.equal(code, 0);
    assert.match(stdout, /^run /);
    assert.match(stderr, /apt-get install mesa-vulkan-drivers libvulkan1/);
  },
  LINUX_ONLY,
);

onMachine("the launcher makes do with npm and an empty home", async (machine) => {
  const { env } = machine;
  Object.assign(env, Deno.env.toObject(), { HOME: env.HOME, PATH: env.PATH });
  for (const tool of ["node", "npm"]) machine.link(tool, which(tool));
  const { code, stdout, stderr } = await machine.run(["--version"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^tessera /);
}, IGNORE || Deno.env.get("TESSERA_TEST") !== "all");

/** Points the search for drivers at a folder that is empty; /etc has none on any known system. */
function withoutVulkan(machine: Machine): void {
  machine.script("deno", ECHO_DENO);
  machine.env.XDG_DATA_DIRS = machine.home;
}

/** The cache of this process, so that a new home need not download anything. */
async function denoDir(): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] });
  return JSON.parse(toOutcome(await command.output()).stdout).denoDir;
}
