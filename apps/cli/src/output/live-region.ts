import { stripVTControlCharacters } from 'node:util';
import type { Sink } from '../host.ts';

/** Lines at the bottom of a terminal that are drawn over and over. */
export interface LiveRegion {
  draw(lines: readonly string[]): void;
  /** Takes the lines away, so that ordinary text can follow. */
  clear(): void;
}

const DEFAULT_COLUMNS = 80;

const WRAP_OFF = '\u001b[?7l';
const WRAP_ON = '\u001b[?7h';

/**
 * Draws on a terminal with ANSI sequences. A line that is too long is cut; should its characters be
 * wider than one column, the terminal cuts it too, so that each line stays one row.
 */
export function liveRegion(sink: Sink): LiveRegion {
  let height = 0;
  const erase = (): string => (height === 0 ? '' : `\r\u001b[${height}A\u001b[J`);
  return {
    draw(lines) {
      const columns = sink.columns ?? DEFAULT_COLUMNS;
      const text = lines.map((line) => `${cut(line, columns - 1)}\n`).join('');
      sink.write(erase() + WRAP_OFF + text + WRAP_ON);
      height = lines.length;
    },
    clear() {
      if (height > 0) sink.write(erase());
      height = 0;
    },
  };
}

/** Cuts a line in its middle, where names that differ at their ends stay apart. */
export function cut(line: string, columns: number): string {
  const characters = [...line];
  if (characters.length <= columns) return line;
  const plain = [...stripVTControlCharacters(line)];
  if (plain.length <= columns) return line;
  const head = Math.ceil((columns - 1) / 2);
  return `${plain.slice(0, head).join('')}…${plain.slice(plain.length - (columns - 1 - head)).join('')}`;
}
