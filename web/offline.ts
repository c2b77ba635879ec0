/// <reference lib="dom" />
/** The page's side of the service worker: without a network, and isolated. */

/** Set once the page was loaded again to be isolated. */
const RELOADED = "tessera-reloaded";

/**
 * Registers the service worker, if there can be one. Where the server does not isolate the page, it is
 * loaded once more through the service worker, which does.
 *
 * @param isFree Whether nothing would be lost by that.
 */
export async function prepareOffline(isFree: () => boolean): Promise<void> {
  const { serviceWorker } = navigator;
  if (serviceWorker === undefined) return;
  try {
    await serviceWorker.register("service_worker.js");
    await serviceWorker.ready;
    if (crossOriginIsolated || sessionStorage.getItem(RELOADED) !== null || !isFree()) return;
    sessionStorage.setItem(RELOADED, "yes");
    location.reload();
  } catch {
    // A browser that keeps nothing, such as a private window: the page works with its network.
  }
}

/**
 * Has all of the usual networks and codecs kept.
 *
 * @param onKept Called once they are there.
 */
export async function keepOffline(onKept: () => void): Promise<void> {
  const registration = await navigator.serviceWorker?.ready;
  const channel = new MessageChannel();
  channel.port1.onmessage = () => onKept();
  registration?.active?.postMessage("keep", [channel.port2]);
}
