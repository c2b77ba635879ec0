/** A thread that decodes and encodes: the other side of codecs.ts. */

import { type CodecAnswer, type CodecRequest, CODECS_HERE, plainError } from "./codecs.ts";
import { encodeReceivedRows } from "./row_channel.ts";

/** What a worker calls its own; the library of types is that of the main thread. */
const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent<CodecRequest>) => void;
  postMessage(answer: CodecAnswer, transfer: Transferable[]): void;
};

thread.onmessage = async ({ data: request }) => {
  const { id } = request;
  try {
    if ("decode" in request) {
      const picture = await CODECS_HERE.decode(request.decode, request.options);
      thread.postMessage({ id, picture }, [picture.data.buffer as ArrayBuffer]);
    } else if ("encodeRows" in request) {
      await encodeReceivedRows(request.port, request.encodeRows, request.options);
      thread.postMessage({ id, rowsDone: true }, []);
    } else {
      const bytes = await CODECS_HERE.encode(request.encode, request.options);
      thread.postMessage({ id, bytes }, [bytes.buffer as ArrayBuffer]);
    }
  } catch (error) {
    thread.postMessage({ id, error: plainError(error) }, []);
  }
};
