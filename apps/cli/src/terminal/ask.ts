import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { StorageError } from '@granary/storage-core';
import { usageError } from '../exit-codes.ts';
import type { Host } from '../host.ts';

/** Whether somebody can be asked. */
export function canAsk({ stdin, stderr }: Host): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

/** Asks a question of yes and no. No answer is a no. */
export async function askYes(host: Host, question: string): Promise<boolean> {
  const terminal = host.stderr as unknown as Writable;
  const answer = await readLine(host, terminal, host.stderr.isTTY === true, (lines, options) =>
    lines.question(`${question} [y/N] `, options),
  );
  if (answer === undefined) host.stderr.write('\n');
  return /^y(es)?$/i.test(answer?.trim() ?? '');
}

/** Asks for a text that is not shown while it is typed. Errors: `aborted` where none is given. */
export async function askSecret(host: Host, label: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await readLine(host, silent, true, (lines, options) => {
    const line = lines.question('', options);
    // Only now is all that is typed taken, and none of it shown.
    host.stderr.write(`${label}: `);
    return line;
  });
  host.stderr.write('\n');
  if (answer !== undefined) return answer;
  throw new StorageError('aborted', 'nothing was entered.');
}

/** Asks twice, for what would be lost when it is mistyped. Errors: usage where the two differ. */
export async function askNewSecret(host: Host, label: string): Promise<string> {
  const secret = await askSecret(host, label);
  if (secret === (await askSecret(host, `${label}, again`))) return secret;
  throw usageError('the two are not the same.', 'Nothing was changed. Try again.');
}

/** The line that is typed; nothing when it is interrupted or ends before one. */
async function readLine(
  { stdin, signal }: Host,
  output: Writable,
  /** Keys are read one by one, and the system shows none of them. */
  terminal: boolean,
  ask: (lines: Interface, options: { readonly signal: AbortSignal }) => Promise<string>,
): Promise<string | undefined> {
  const input = stdin as unknown as NodeJS.ReadableStream;
  const lines = createInterface({ input, output, terminal, historySize: 0 });
  // Both end the question without an answer.
  lines.once('SIGINT', () => lines.close());
  const closed = once(lines, 'close').then(() => undefined);
  try {
    return await Promise.race([ask(lines, { signal }).catch(endedEarly), closed]);
  } finally {
    lines.close();
  }
}

/** Ctrl+D and the host's signal end a question by an error of Node. */
function endedEarly(error: unknown): undefined {
  if (error instanceof Error && error.name === 'AbortError') return undefined;
  throw error;
}
