/**
 * One batch on many machines: each takes the pictures whose names fall to it, and needs to know nothing
 * of the others. Which one this is says `--shard`, or a scheduler in the environment.
 */

import { UsageError } from "../../errors.ts";
import type { Option } from "../options/arguments.ts";
import { BUILTIN } from "../../platform/node_builtin.ts";

/** One of several equal parts of a batch. */
export interface Shard {
  /** From 0. */
  index: number;
  count: number;
  /** Who said so, for people. */
  source: string;
}

/** The variables that are read; src/cli/terminal/permissions.ts asks for them. */
export const SHARD_VARIABLES = [
  "TESSERA_SHARDS",
  "JOB_COMPLETION_INDEX",
  "SLURM_ARRAY_TASK_ID",
  "SLURM_ARRAY_TASK_MIN",
  "SLURM_ARRAY_TASK_MAX",
  "SLURM_ARRAY_TASK_COUNT",
] as const;

/** Values of the variables that are set. */
export type ShardVariables = Partial<Record<typeof SHARD_VARIABLES[number], string>>;

/** The most machines that share a batch. */
const MAX_COUNT = 1e6;

/** An option that takes a shard as people count: `2/8`. */
export const SHARD_OPTION: Option<Shard | undefined> = {
  value: "I/N",
  help: "only part I of N, from 1/N to N/N (default: as SLURM or Kubernetes say)",
  absent: undefined,
  read(text, flag) {
    const [index, count] = /^(\d+)\/(\d+)$/.exec(text)?.slice(1).map(Number) ?? [];
    if (index >= 1 && index <= count && count <= MAX_COUNT) {
      return { index: index - 1, count, source: flag };
    }
    throw new UsageError(`Expected I/N, from 1/N to N/N, for ${flag} but received "${text}"`);
  },
};

/** Returns the variables that are set and that this run may read; none are asked for. */
export function shardVariables(): ShardVariables {
  const readable = SHARD_VARIABLES.filter((variable) =>
    Deno.permissions.querySync({ name: "env", variable }).state === "granted"
  );
  const entries = readable.map((variable) => [variable, Deno.env.get(variable)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/**
 * Finds out which shard a scheduler means: a task of a SLURM array, or a pod of an Indexed Job of
 * Kubernetes, which does not tell its pods how many they are.
 *
 * @returns `undefined` outside of both.
 * @throws {UsageError} If the numbers do not give a shard.
 */
export function shardFrom(variables: ShardVariables): Shard | undefined {
  const { SLURM_ARRAY_TASK_ID: task, JOB_COMPLETION_INDEX: pod } = variables;
  if (task !== undefined) return shardOfSlurm(variables);
  if (pod === undefined) return undefined;
  if (variables.TESSERA_SHARDS === undefined) {
    throw new UsageError(
      "JOB_COMPLETION_INDEX is set, but not how many pods there are: set TESSERA_SHARDS to the " +
        "job's completions, or --shard 1/1 to do all pictures here",
    );
  }
  const index = wholeNumber(variables, "JOB_COMPLETION_INDEX");
  return checked(index, wholeNumber(variables, "TESSERA_SHARDS"), "Kubernetes");
}

function shardOfSlurm(variables: ShardVariables): Shard {
  const task = wholeNumber(variables, "SLURM_ARRAY_TASK_ID");
  if (variables.TESSERA_SHARDS !== undefined) {
    return checked(task, wholeNumber(variables, "TESSERA_SHARDS"), "SLURM");
  }
  const min = wholeNumber(variables, "SLURM_ARRAY_TASK_MIN");
  const max = wholeNumber(variables, "SLURM_ARRAY_TASK_MAX");
  const count = wholeNumber(variables, "SLURM_ARRAY_TASK_COUNT");
  if (max - min + 1 !== count) {
    throw new UsageError(
      `The SLURM array has ${count} tasks from ${min} to ${max}: without gaps they could be told ` +
        "apart, with them set TESSERA_SHARDS and count tasks from 0",
    );
  }
  return checked(task - min, count, "SLURM");
}

function wholeNumber(variables: ShardVariables, name: keyof ShardVariables): number {
  const text = variables[name];
  if (text !== undefined && /^\d+$/.test(text)) return Number(text);
  throw new UsageError(`Expected a whole number in ${name} but received "${text ?? ""}"`);
}

function checked(index: number, count: number, source: string): Shard {
  if (index >= 0 && index < count && count <= MAX_COUNT) return { index, count, source };
  throw new UsageError(
    `${source} says that this is shard ${index} of ${count}, which count from 0: set TESSERA_SHARDS ` +
      "to their number",
  );
}

/** Says which shard it is, as people count: "Shard 1 of 4 (--shard)". */
export function describeShard({ index, count, source }: Shard): string {
  return `Shard ${index + 1} of ${count} (${source})`;
}

/**
 * Says whether a picture falls to a shard. Its name alone decides, so that neither other pictures nor
 * other shards have a say.
 *
 * @param label Path below what was named on the command line, with `/` between folders.
 */
export function isInShard(label: string, { index, count }: Shard): boolean {
  return BUILTIN.crypto.createHash("sha256").update(label).digest().readUIntBE(0, 6) % count ===
    index;
}
