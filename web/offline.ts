/// <reference lib="dom" />
/** Keeps the page for times without a network. */

/**
 * Has everything that the page needs kept by the service worker, if there can be one.
 *
 * @param onKept Called once all of it is there.
 */
export async function keepOffline(onKept: () => void): Promise<void> {
  const { serviceWorker } = navigator;
  if (serviceWorker === undefined) return;
  try {
    await serviceWorker.register("service_worker.js", { type: "module" });
    const { active } = await serviceWorker.ready;
    const channel = new MessageChannel();
    channel.port1.onmessage = () => onKept();
    active?.postMessage("keep", [channel.port2]);
  } catch {
    // A browser that keeps nothing, such as a private window: the page works with its network.
  }
}
