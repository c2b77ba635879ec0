/**
 * The race: all programs enlarge the same picture, in turns, so that whatever else the machine does meets
 * all of them alike; and their results are compared with the picture that it was shrunk from.
 */

import { join } from "node:path";
import { psnrRgb, psnrY } from "../../src/quality/psnr.ts";
import { decodePicture, type Picture } from "../../src/pictures/mod.ts";
import { median } from "../timing.ts";
import type { Entry } from "./entries.ts";
import { type Command, type Cost, measure } from "./measure.ts";

/** Pixels at the edges that do not count: programs treat what lies outside in different ways. */
const BORDER = 4;

/** The picture that all get, and the one that it was shrunk from. */
export interface Course {
  input: string;
  original: Picture;
  /** For results. */
  folder: string;
}

/** How a program did: medians of the rounds. */
export interface Place extends Cost {
  program: string;
  weights: string;
  /** Of the luma against the original, in dB. */
  psnr: number;
  /**
   * Of the colours against the result that the first program has for the same weights, in dB; infinite for
   * equal ones.
   */
  alike: number;
}

/** A program that did not run here. */
export interface Absence {
  program: string;
  weights: string;
  reason: string;
}

interface Runner {
  entry: Entry;
  command: Command;
  output: string;
  costs: Cost[];
}

/** Holds the race. */
export async function race(
  entries: readonly Entry[],
  course: Course,
  rounds: number,
  onStart: (program: string, weights: string) => void,
): Promise<{ places: Place[]; absences: Absence[] }> {
  const absences: Absence[] = [];
  let runners: Runner[] = [];
  const leave = ({ program, weights }: Entry, error: unknown) => {
    absences.push({ program, weights, reason: (error as Error).message });
  };
  for (const [i, entry] of entries.entries()) {
    const output = join(course.folder, `${i}.png`);
    try {
      const command = await entry.command(course.input, output);
      runners.push({ entry, command, output, costs: [] });
    } catch (error) {
      leave(entry, error);
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const runner of runners) {
      onStart(runner.entry.program, runner.entry.weights);
      try {
        runner.costs.push(await measure(runner.command));
      } catch (error) {
        leave(runner.entry, error);
        runners = runners.filter((other) => other !== runner);
      }
    }
  }
  return { places: await placesOf(runners, course), absences };
}

async function placesOf(runners: readonly Runner[], { original }: Course): Promise<Place[]> {
  const firsts = new Map<string, Picture>();
  const places: Place[] = [];
  for (const { entry: { program, weights }, costs, output } of runners) {
    const picture = await decodePicture(await Deno.readFile(output));
    const first = firsts.get(weights) ?? picture;
    firsts.set(weights, first);
    const of = (figure: (cost: Cost) => number) => median(costs.map(figure));
    places.push({
      ...{ program, weights },
      wall: of(({ wall }) => wall),
      processor: of(({ processor }) => processor),
      peakBytes: of(({ peakBytes }) => peakBytes),
      psnr: psnrY(picture, original, BORDER),
      alike: psnrRgb(picture, first, BORDER),
    });
  }
  return places;
}
