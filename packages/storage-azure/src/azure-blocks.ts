import type { ContentRange } from '@granary/storage-core/provider';

/** A part as it is held: a block whose id says where it belongs. */
export interface HeldBlock extends ContentRange {
  readonly id: string;
  /** Counts the writes of a session: of two blocks for one place the later one counts. */
  readonly turn: number;
}

const HEX = { offset: 12, length: 8, turn: 12 } as const;
const ID = /^([0-9a-f]{12})([0-9a-f]{8})([0-9a-f]{12})$/;

/** The id of a block; all have the same length, as the service wants it. */
export function blockId({ offset, length, turn }: Omit<HeldBlock, 'id'>): string {
  return btoa(hex(offset, HEX.offset) + hex(length, HEX.length) + hex(turn, HEX.turn));
}

/** What an id says; `undefined` for a block that is none of ours. */
export function parseBlockId(id: string): HeldBlock | undefined {
  const [, offset, length, turn] = ID.exec(decodeId(id)) ?? [];
  if (offset === undefined || length === undefined || turn === undefined) return undefined;
  return { id, offset: number(offset), length: number(length), turn: number(turn) };
}

/** The blocks that count, in order of offset: where two overlap, the later one. */
export function layoutOf(blocks: readonly HeldBlock[]): readonly HeldBlock[] {
  const layout: HeldBlock[] = [];
  const ordered = blocks.toSorted(
    (one, other) => one.offset - other.offset || one.turn - other.turn,
  );
  for (const block of ordered) {
    let isCovered = false;
    for (let last = layout.at(-1); last !== undefined; last = layout.at(-1)) {
      if (last.offset + last.length <= block.offset) break;
      isCovered = last.turn > block.turn;
      if (isCovered) break;
      layout.pop();
    }
    if (!isCovered) layout.push(block);
  }
  return layout;
}

/** The ranges that a layout holds, joined where they touch. */
export function rangesOf(layout: readonly HeldBlock[]): readonly ContentRange[] {
  const ranges: ContentRange[] = [];
  for (const { offset, length } of layout) {
    const last = ranges.at(-1);
    if (last !== undefined && last.offset + last.length === offset) {
      ranges[ranges.length - 1] = { offset: last.offset, length: last.length + length };
    } else {
      ranges.push({ offset, length });
    }
  }
  return ranges;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function number(digits: string): number {
  return Number.parseInt(digits, 16);
}

function decodeId(id: string): string {
  try {
    return atob(id);
  } catch {
    return '';
  }
}
