/** Why a plan is what it is, in one line for people: the factor, the steps, and what speaks for them. */

import { isCropped, isPadded } from "../targets/plan.ts";
import { MOST_STRETCH } from "../tiles/factors.ts";
import type { Size } from "../tiles/passes.ts";
import type { Plan, PlannedPass } from "../upscaler.ts";
import type { Aim } from "./aim.ts";

/**
 * Says how a size is reached, and why so: "6x: x2, shrunk to 1440 x 810, x4: one network reaches 5x".
 *
 * @param repeated Whether `--passes` asked for more than one run.
 */
export function explainSteps(plan: Plan, repeated: boolean): string {
  const factor = Math.max(plan.outputWidth / plan.width, plan.outputHeight / plan.height);
  const steps = plan.passes.map(describeStep).join(", ");
  const reason = repeated ? "as --passes asks" : reasonFor(plan, factor);
  return `${factorText(factor)}: ${steps === "" ? "as it is" : steps} (${reason})`;
}

/** Says what of the picture is left out, and what is added around it; a sentence each. */
export function explainAim(aim: Aim, picture: Size): string[] {
  const { crop, canvas } = aim;
  return [
    ...isCropped(aim, picture)
      ? [`of the picture, ${crop.width} x ${crop.height} pixels at ${crop.x}, ${crop.y} are used`]
      : [],
    ...isPadded(aim)
      ? [`it lies on ${canvas.width} x ${canvas.height} pixels at ${canvas.x}, ${canvas.y}`]
      : [],
  ];
}

function reasonFor({ passes }: Plan, factor: number): string {
  const networks = passes.filter(({ kind }) => kind === "network").map(factorOf);
  const reached = networks.reduce((product, each) => product * each, 1);
  if (networks.length === 0) return factor <= 1 ? "nothing is to be enlarged" : "no network";
  if (networks.length > 1) {
    return `one network reaches ${factorText(MOST_STRETCH * Math.max(...networks))} at most`;
  }
  return reached < factor
    ? "another network would cost much and add nothing to so little"
    : "the smallest network that suffices";
}

function describeStep(pass: PlannedPass): string {
  if (pass.kind === "network") return `x${factorOf(pass)}`;
  const { width, height, outputWidth, outputHeight } = pass;
  const verb = outputWidth * outputHeight < width * height ? "shrunk" : "stretched";
  return `${verb} to ${outputWidth} x ${outputHeight}`;
}

function factorOf({ width, outputWidth }: PlannedPass): number {
  return outputWidth / width;
}

function factorText(factor: number): string {
  return `${Number(factor.toFixed(2))}x`;
}
