/** Why a plan is what it is, in one line for people: the factor, the steps, and what speaks for them. */

import { isCropped, isPadded } from "../../targets/plan.ts";
import { MOST_STRETCH } from "../../tiles/factors.ts";
import type { Size } from "../../raster/size.ts";
import type { PlannedPass } from "../../passes/pass.ts";
import type { Plan } from "../../upscale_plan.ts";
import type { Aim } from "../../enhance/aim.ts";

/**
 * Says how a size is reached, and why so: "6x: photo-x2, shrunk to 1440 x 810, then photo-x4, because
 * one network reaches 5x at most".
 *
 * @param repeated Whether `--passes` asked for more than one run.
 */
export function explainSteps(plan: Plan, repeated: boolean): string {
  const factor = Math.max(plan.outputWidth / plan.width, plan.outputHeight / plan.height);
  const passes = plan.passes.filter(({ kind }) => kind !== "back-projection");
  const steps = passes.map(describeStep).join("").replace(/^, (then )?/, "");
  const reason = repeated ? "--passes asks for it" : reasonFor(passes, factor);
  return `${factorText(factor)}: ${steps === "" ? "it stays as it is" : steps}, because ${reason}`;
}

/** Says what of the picture is left out, and what is added around it; a sentence each. */
export function explainAim(aim: Aim, picture: Size): string[] {
  const { crop, canvas, frame } = aim;
  return [
    ...isCropped(aim, picture)
      ? [`of the picture, ${crop.width} x ${crop.height} pixels at ${crop.x}, ${crop.y} are used`]
      : [],
    ...frame !== undefined
      ? [
        `it is extended to ${frame.width} x ${frame.height} pixels, and lies at ${frame.x}, ${frame.y}`,
      ]
      : [],
    ...isPadded(aim)
      ? [`it lies on ${canvas.width} x ${canvas.height} pixels at ${canvas.x}, ${canvas.y}`]
      : [],
  ];
}

function reasonFor(passes: readonly PlannedPass[], factor: number): string {
  const networks = passes.filter(({ kind }) => kind === "network").map(factorOf);
  const reached = networks.reduce((product, each) => product * each, 1);
  if (passes.length === 0) return "it has that size";
  if (networks.length === 0) {
    return factor <= 1 ? "nothing is to be enlarged" : "no network is asked for";
  }
  if (networks.length > 1) {
    return `one network reaches ${factorText(MOST_STRETCH * Math.max(...networks))} at most`;
  }
  return reached < factor
    ? "a second network would do more work and show no more"
    : "it is the smallest network that suffices";
}

function describeStep(pass: PlannedPass): string {
  if (pass.kind === "network") return `, then ${pass.network}`;
  const { width, height, outputWidth, outputHeight } = pass;
  const verb = outputWidth * outputHeight < width * height ? "shrunk" : "stretched";
  return `, ${verb} to ${outputWidth} x ${outputHeight}`;
}

function factorOf({ width, outputWidth }: PlannedPass): number {
  return outputWidth / width;
}

function factorText(factor: number): string {
  return `${Number(factor.toFixed(2))}x`;
}
