/** What Deno and Node.js can tell of graphics drivers, whose versions no WebGPU names. */

import { BUILTIN } from "./node_builtin.ts";

/** Where the Vulkan loader finds the manifests of drivers. */
const MANIFESTS = [
  "/etc/vulkan/icd.d",
  "/usr/local/share/vulkan/icd.d",
  "/usr/share/vulkan/icd.d",
];

/** Where libraries lie that a manifest names without a folder. */
const LIBRARIES = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
];

/** What else changes with a driver: of Linux's kernel, of macOS, which has its own, and of Windows. */
const VERSIONS = [
  "/sys/module/nvidia/version",
  "/System/Library/CoreServices/SystemVersion.plist",
];
const WINDOWS_DRIVERS = "C:\\Windows\\System32\\DriverStore\\FileRepository";

/** Packages of display drivers, whose folders have a new name with every version. */
const DISPLAY_PACKAGE = /^(nv|u\d|c\d|ii|ig|ki|qc).*\.inf_/i;

/**
 * Returns a text that is another one after a graphics driver was updated: manifests, and the place, size
 * and date of the libraries that they name. Needs permission to read.
 *
 * @param root A folder to take for the root of the file system.
 */
export function stampOfDrivers(root = ""): string {
  const manifests = MANIFESTS.flatMap((folder) =>
    namesIn(root + folder).filter((name) => name.endsWith(".json")).map((name) =>
      textOf(`${root}${folder}/${name}`)
    )
  );
  return [
    ...manifests.flatMap((manifest) => [manifest, stampOfLibrary(manifest, root)]),
    ...VERSIONS.map((path) => textOf(root + path)),
    ...namesIn(root + WINDOWS_DRIVERS).filter((name) => DISPLAY_PACKAGE.test(name)),
  ].join("\n");
}

function stampOfLibrary(manifest: string, root: string): string {
  const path = /"library_path"\s*:\s*"([^"]+)"/.exec(manifest)?.[1];
  if (path === undefined) return "";
  const places = path.includes("/") ? [path] : LIBRARIES.map((folder) => `${folder}/${path}`);
  const stamps = places.map((place) => stampOf(root + place));
  return stamps.find((stamp) => stamp !== "") ?? "";
}

/** A link leads to the library itself, whose name often has the version. */
function stampOf(path: string): string {
  return orEmpty(() => {
    const real = BUILTIN.fs.realpathSync(path);
    const { size, mtimeMs } = BUILTIN.fs.statSync(real);
    return `${real} ${size} ${mtimeMs}`;
  }, "");
}

function namesIn(folder: string): string[] {
  return orEmpty(() => BUILTIN.fs.readdirSync(folder).sort(), []);
}

function textOf(path: string): string {
  return orEmpty(() => BUILTIN.fs.readFileSync(path, "utf8"), "");
}

/** What is not there, or not for us to read, has no part in it. */
function orEmpty<T>(read: () => T, empty: T): T {
  try {
    return read();
  } catch {
    return empty;
  }
}
