/// <reference lib="dom" />
/** What went wrong, in the page's own words, and what to do about it. */

import { byId, make, rich, show } from "../dom.ts";
import { EngineError } from "../engine.ts";
import type { AdapterFacts, Failure } from "../protocol.ts";
import { text, type TextName } from "../strings.ts";

/** A kind of problem: its texts are named after it. */
type Kind = "gpu" | "picture" | "weights" | "memory" | "lost" | "other";

const ADVICE: Readonly<Record<Kind, readonly TextName[]>> = {
  gpu: ["problem.gpu.1", "problem.gpu.2", "problem.gpu.3"],
  picture: ["problem.picture.1", "problem.other"],
  weights: ["problem.weights.1", "problem.weights.2"],
  memory: ["problem.memory.1", "problem.memory.2", "problem.gpu.3"],
  lost: ["problem.lost.1", "problem.lost.2"],
  other: ["problem.other.1", "problem.gpu.3"],
};

/** Returns an error as the engine reports it. */
export function failureOf(error: unknown): Failure {
  if (error instanceof EngineError) return error.failure;
  const message = error instanceof Error ? error.message : String(error);
  return {
    name: error instanceof Error ? error.name : "Error",
    message,
    remedies: [],
    needed: undefined,
    available: undefined,
  };
}

/** Says whether a file was none of the kinds that are read. */
export function isUnknownKind({ message }: Failure): boolean {
  return /unknown kind/.test(message);
}

function kindOf({ name, remedies }: Failure): Kind {
  if (name === "NoGpuError") return "gpu";
  if (name === "ModelError") return "weights";
  if (name === "InputError") return "picture";
  if (name === "DeviceLostError") return "lost";
  if (name === "OutOfGpuMemoryError" || remedies.includes("more memory")) return "memory";
  return name === "GpuError" ? "lost" : "other";
}

/** What can be done from here. */
export interface Ways {
  /** What the problem is about, for its text. */
  name: string;
  adapter: AdapterFacts | undefined;
  /** What the main button does, and whether it tries the same again or goes back. */
  onAgain(): void;
  goesBack: boolean;
}

/** Shows a problem. */
export function showProblem(error: unknown, { name, adapter, onAgain, goesBack }: Ways): void {
  const failure = failureOf(error);
  const kind = kindOf(failure);
  byId("h-problem").textContent = text(`problem.${kind}.title`);
  const isUnknown = kind === "picture" && isUnknownKind(failure);
  byId("problem-lead").textContent = text(
    isUnknown ? "problem.picture.unknown" : `problem.${kind}.lead`,
    { name, message: failure.message },
  );
  const advice = ADVICE[kind].map((key) => make("li", {}, ...rich(text(key))));
  byId("problem-list").replaceChildren(...advice);
  const again = byId<HTMLButtonElement>("problem-again");
  again.textContent = text(goesBack ? "problem.back" : "problem.again");
  again.onclick = onAgain;
  const copy = byId<HTMLButtonElement>("problem-copy");
  copy.textContent = text("problem.copy");
  copy.onclick = async () => {
    await navigator.clipboard.writeText(detailsOf(failure, adapter));
    copy.textContent = text("problem.copied");
  };
  show("problem");
}

function detailsOf(failure: Failure, adapter: AdapterFacts | undefined): string {
  return [
    `${failure.name}: ${failure.message}`,
    `browser: ${navigator.userAgent}`,
    `graphics: ${adapter?.name ?? ("gpu" in navigator ? "no adapter" : "no WebGPU")}`,
  ].join("\n");
}
