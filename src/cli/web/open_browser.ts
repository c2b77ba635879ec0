/** Opens an address in the person's browser. */

/** What each system opens addresses with. */
const OPENERS: Readonly<Partial<Record<typeof Deno.build.os, readonly string[]>>> = {
  darwin: ["open"],
  windows: ["explorer"],
  linux: ["xdg-open"],
};

/** Opens an address; says whether there was something that took it. */
export function openBrowser(url: string): boolean {
  const [program, ...args] = OPENERS[Deno.build.os] ?? OPENERS.linux!;
  try {
    new Deno.Command(program, {
      args: [...args, url],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn().unref();
    return true;
  } catch {
    return false;
  }
}
