/** The thread that libvips works in, which is written for a worker of the web, as one of Node.js. */

import { parentPort, type Transferable } from "node:worker_threads";

const asked: unknown[] = [];
const thread = globalThis as unknown as {
  onmessage?: (event: { data: unknown }) => void;
};

Object.assign(globalThis, {
  postMessage: (message: unknown, transfer: Transferable[]) =>
    parentPort!.postMessage(message, transfer),
});
parentPort!.on("message", (data) => {
  if (thread.onmessage === undefined) asked.push(data);
  else thread.onmessage({ data });
});
await import("../src/pictures/vips/thread.ts");
for (const data of asked) thread.onmessage!({ data });
