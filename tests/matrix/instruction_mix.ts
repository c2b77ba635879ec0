/**
 * What a GPU's compiler made of a kernel for matrix units: reads the machine code of Mesa's compilers for
 * AMD (ACO) and NVIDIA (NAK), and says how much of its innermost loop are matrix instructions.
 */

/** A basic block: its instructions' names, and the blocks that may follow. */
interface Block {
  name: string;
  instructions: string[];
  next: string[];
}

/** The loop with the matrix instructions. */
export interface LoopMix {
  matrix: number;
  /** Of the vector units, others than matrix. */
  vector: number;
  /** All that is issued. */
  instructions: number;
}

/** Finds the loop of a kernel that holds its matrix instructions. */
export function loopMix(assembly: string): LoopMix {
  const blocks = assembly.includes("##### NAK assembly")
    ? nakBlocks(assembly.slice(assembly.indexOf("##### NAK assembly")))
    : acoBlocks(assembly.slice(assembly.indexOf("##### Assembly")));
  const loops = loopsOf(blocks).map(mixOf).filter(({ matrix }) => matrix > 0);
  if (loops.length === 0) throw new Error("No loop has matrix instructions");
  return loops.reduce((a, b) => b.instructions < a.instructions ? b : a);
}

/** Natural loops: what leads from the target of a jump back to the jump. */
function loopsOf(blocks: Block[]): Block[][] {
  const byName = new Map(blocks.map((block) => [block.name, block]));
  return jumpsBack(blocks[0], byName).map(([from, to]) => {
    const body = new Set([to, from]);
    for (const block of body) {
      if (block === to) continue;
      for (const other of blocks) if (other.next.includes(block.name)) body.add(other);
    }
    return [...body];
  });
}

/** Edges to a block that is on the way to where they start, found depth first. */
function jumpsBack(start: Block, byName: Map<string, Block>): [from: Block, to: Block][] {
  const found: [Block, Block][] = [];
  const state = new Map<Block, "open" | "done">();
  const visit = (block: Block) => {
    state.set(block, "open");
    for (const name of block.next) {
      const next = byName.get(name);
      if (next === undefined) continue;
      if (state.get(next) === "open") found.push([block, next]);
      else if (!state.has(next)) visit(next);
    }
    state.set(block, "done");
  };
  visit(start);
  return found;
}

function mixOf(loop: Block[]): LoopMix {
  const names = loop.flatMap(({ instructions }) => instructions);
  const count = (pattern: RegExp) => names.filter((name) => pattern.test(name)).length;
  const matrix = count(/wmma|mma/);
  return { matrix, vector: count(/^v_/) - count(/^v_wmma/), instructions: names.length };
}

function acoBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  for (const line of text.split("\n")) {
    const label = /^(BB\d+):/.exec(line)?.[1];
    if (label !== undefined) {
      const last = blocks.at(-1);
      // What follows a jump is padding.
      const leaves = last?.instructions.some((name) => /^s_(branch|endpgm)/.test(name));
      if (last !== undefined && !leaves) last.next.push(label);
      blocks.push({ name: label, instructions: [], next: [] });
    }
    const [, name, operands = ""] = /^\t(\S+)(.*?)\s*;/.exec(line) ?? [];
    if (name === undefined) continue;
    blocks.at(-1)!.instructions.push(name);
    const target = /^s_c?branch/.test(name) ? /BB\d+/.exec(operands)?.[0] : undefined;
    if (target !== undefined) blocks.at(-1)!.next.push(target);
  }
  return blocks;
}

function nakBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  for (const line of text.split("\n")) {
    const label = /^block\S* (\d+)/.exec(line)?.[1];
    if (label !== undefined) blocks.push({ name: label, instructions: [], next: [] });
    const next = /^\} -> \[(.*)\]/.exec(line)?.[1];
    if (next !== undefined) blocks.at(-1)!.next = next.match(/\d+/g) ?? [];
    const name = /^(?:@\S+)?\s+(?:.*?\s+=\s+)?(\S+).*\/\//.exec(line)?.[1];
    if (name !== undefined && blocks.length > 0) blocks.at(-1)!.instructions.push(name);
  }
  return blocks;
}
