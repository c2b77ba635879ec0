/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The page: its states, and the ways between them. */

import { byId, make, show, shown, translate } from "./dom.ts";
import { Engine } from "./engine.ts";
import { givenFiles, isWeights, listenForFiles } from "./files.ts";
import { keepOffline, prepareOffline } from "./offline.ts";
import { Session } from "./session.ts";
import { loadSettings } from "./settings.ts";
import { screenSize } from "./sizes.ts";
import { type Language, LANGUAGES, speak, text } from "./strings.ts";
import type { BatchView } from "./views/batch.ts";
import { failureOf, showProblem } from "./views/problem.ts";
import { ReadyView } from "./views/ready.ts";
import { WorkViews } from "./views/work.ts";

/** The sample, and the largest share of the frame that it takes; on most screens it is to scale. */
const SAMPLE = { width: 960, height: 540 };
const MOST_SAMPLE = 0.28;

/** Milliseconds after the first result in which nothing else is fetched. */
const REST = 5000;

const session = new Session(
  new Engine(new URL("engine_worker.js", import.meta.url)),
  loadSettings(),
);

const ready = new ReadyView(session, {
  onGo: (plan) => session.items.length > 1 ? runBatch() : work.run(plan),
  onOther: () => byId("picker").click(),
  onOwn: () => byId("weights-picker").click(),
  onProblem: (error, name) => problem(error, name),
});

const work = new WorkViews(session, {
  onCancel: () => ready.again(),
  onDone: () => setTimeout(keepOffline, REST, onKept),
  onAgain: () => ready.again(),
  onNext: () => leave(),
  onProblem: (error) => problem(error, session.items[0].name),
});

let batch: Promise<BatchView> | undefined;

/** The view of several pictures, which is loaded when there are several. */
function batchView(): Promise<BatchView> {
  batch ??= import("./views/batch.ts").then(({ BatchView }) =>
    new BatchView(session, {
      onAdd: () => byId("picker").click(),
      onLeave: () => leave(),
      onProblem: (error) => problem(error, ""),
    })
  );
  batch.catch(() => batch = undefined);
  return batch;
}

async function runBatch(): Promise<void> {
  try {
    await (await batchView()).run();
  } catch (error) {
    problem(error, "");
  }
}

function onKept(): void {
  byId("offline-line").textContent = text("empty.offline");
}

/** Back to the empty page. */
function leave(): void {
  ready.stop();
  work.stop();
  batch?.then((view) => view.stop());
  session.replaceItems([]);
  show("empty");
}

/** Shows what went wrong; from a picture that cannot be used, there is no way but back. */
function problem(error: unknown, name: string): void {
  const { name: kind } = failureOf(error);
  const hasPicture = session.facts !== undefined;
  // Weights that cannot be used do not end what is at work on a sheet.
  const isAside = shown() === "batch" && kind === "ModelError";
  if (kind === "ModelError") session.special = undefined;
  const again = () =>
    isAside
      ? show("batch")
      : hasPicture
      ? ready.again()
      : kind === "NoGpuError"
      ? openDevice()
      : leave();
  const goesBack = ["InputError", "ModelError"].includes(kind);
  showProblem(error, { name, adapter: session.adapter, onAgain: again, goesBack });
}

async function take(files: File[]): Promise<void> {
  const weights = files.find(isWeights);
  if (weights !== undefined) await takeWeights(weights);
  const items = session.itemsOf(files.filter((file) => !isWeights(file)));
  if (items.length === 0) return;
  if (shown() === "batch") return await (await batchView()).add(items);
  work.stop();
  session.replaceItems(items);
  await ready.open();
}

async function takeWeights(file: File): Promise<void> {
  work.stop();
  try {
    const { architecture, scale } = await session.engine.call("weights", { file, name: file.name });
    session.own = { name: file.name, scale };
    session.special = "own";
    byId("gpu-line").textContent = text("empty.own", { name: file.name, architecture, scale });
    // What is on a sheet goes on as it began.
    if (shown() === "batch") return;
    if (shown() === "ready" || session.facts !== undefined) ready.again();
    else show("empty");
  } catch (error) {
    problem(error, file.name);
  }
}

async function openDevice(): Promise<void> {
  try {
    session.adapter = await session.engine.call("adapter", undefined);
    describeDevice();
    if (shown() === "problem") show("empty");
  } catch (error) {
    problem(error, "");
  }
}

function describeDevice(): void {
  if (session.adapter === undefined || session.own !== undefined) return;
  const { name, software } = session.adapter;
  byId("gpu-line").textContent = software
    ? text("empty.gpu.software")
    : text("empty.gpu.named", { name });
}

async function takeSample(): Promise<void> {
  const response = await fetch("sample.jpg");
  await take([new File([await response.blob()], "canal.jpg")]);
}

async function fillIn(): Promise<void> {
  await speak(session.settings.language);
  translate();
  const { width, height } = screenSize();
  const isSlim = matchMedia("(max-width: 699px)").matches;
  byId("screen-size").textContent = isSlim
    ? "4K, 3840 × 2160"
    : text("empty.screen", { width, height });
  byId("frame").style.setProperty("--ratio", String(width / height));
  const share = SAMPLE.width / width;
  const isToScale = isSlim || share <= MOST_SAMPLE;
  byId("frame").style.setProperty("--sample", `${100 * Math.min(share, MOST_SAMPLE)}%`);
  byId("sample-size").textContent = text(isToScale ? "empty.scale" : "empty.size", SAMPLE);
  describeDevice();
}

function offerLanguages(): void {
  const select = byId<HTMLSelectElement>("language");
  const options = Object.entries(LANGUAGES).map(([tag, name]) =>
    make("option", { value: tag, lang: tag }, name)
  );
  select.replaceChildren(...options);
  select.value = session.settings.language;
  select.addEventListener("change", () => {
    session.choose({ language: select.value as Language });
    fillIn();
  });
}

offerLanguages();
await fillIn();
listenForFiles(take);
byId("choose").addEventListener("click", () => byId("picker").click());
byId("sample").addEventListener("click", takeSample);
byId("home").addEventListener("click", (event) => {
  event.preventDefault();
  if (shown() !== "working") leave();
});
if ("gpu" in navigator) openDevice();
else problem(Object.assign(new Error("There is no WebGPU"), { name: "NoGpuError" }), "");
const given = location.hash;
prepareOffline(() => shown() === "empty" && given === "");
if (given !== "") {
  history.replaceState(null, "", location.pathname);
  givenFiles(given).then((files) => files.length > 0 ? take(files) : undefined);
}
