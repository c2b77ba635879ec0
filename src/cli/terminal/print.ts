/**
 * The program's two voices: results for programs go to stdout, everything for people to stderr.
 *
 * Nothing else in Tessera writes to a terminal.
 */

const ENCODER = new TextEncoder();
const ERASE_LINE = "\r\x1b[K";

let barIsDrawn = false;

/** Writes one line of results to stdout. */
export function printResult(line: string): void {
  eraseBar();
  write(Deno.stdout, line + "\n");
}

/** Writes one line for people to stderr. */
export function printNote(line: string): void {
  eraseBar();
  write(Deno.stderr, line + "\n");
}

/** Draws a line on the terminal that gives way to the next one, whatever it is. */
export function drawBar(line: string): void {
  write(Deno.stderr, ERASE_LINE + line);
  barIsDrawn = true;
}

function eraseBar(): void {
  if (barIsDrawn) write(Deno.stderr, ERASE_LINE);
  barIsDrawn = false;
}

/** A reader that has gone away (`tessera --help | head -1`) is no error. */
function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = ENCODER.encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
