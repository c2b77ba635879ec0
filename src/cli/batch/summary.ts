/** What became of a batch, for people and as the last line of `--json`. */

import { formatDuration } from "../terminal/progress.ts";

/** Counts, and the reasons of what failed. */
export interface Summary {
  pictures: number;
  done: number;
  /** Done by an earlier run. */
  skipped: number;
  failed: number;
  /** Left out by `--shard`, for others to do. */
  otherShards: number;
  /** Whether the run ended before it had come to every picture: by a signal, or without a device. */
  stopped: boolean;
  seconds: number;
  failures: { input: string; kind: string; message: string }[];
}

/** Says in words what became of a batch. */
export function describeSummary(summary: Summary): string {
  const { pictures, done, skipped, failed, otherShards, stopped, seconds, failures } = summary;
  const counts = [
    `${done} done`,
    ...skipped > 0 ? [`${skipped} skipped as they were done before`] : [],
    ...failed > 0 ? [`${failed} failed`] : [],
    ...stopped ? [`${pictures - done - skipped - failed} not begun or not finished`] : [],
    ...otherShards > 0 ? [`${otherShards} more left to other shards`] : [],
  ];
  const word = pictures === 1 ? "picture" : "pictures";
  return [
    `${pictures} ${word}: ${counts.join(", ")} (${formatDuration(seconds)})`,
    ...failures.map(({ input, message }) => `  failed: ${input}: ${message}`),
  ].join("\n");
}
