import { isStorageError, type StorageError } from '@granary/storage-core';
import { isUsageError } from '../exit-codes.ts';
import { printable } from './printable.ts';
import type { Paint } from './style.ts';

/** What is shown and printed as JSON about an error. */
export interface ErrorFacts {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly key?: string;
}

/** Takes apart what there is to tell about an error; the message comes without the hint. */
export function errorFacts(error: unknown): ErrorFacts {
  if (isStorageError(error)) return storageErrorFacts(error);
  if (isUsageError(error)) {
    const { message, hint } = error;
    return { code: 'usage', message, ...(hint === undefined ? {} : { hint }) };
  }
  return { code: 'unknown', message: error instanceof Error ? error.message : String(error) };
}

function storageErrorFacts({ code, message, hint, key }: StorageError): ErrorFacts {
  const isAtEnd = hint !== undefined && message.endsWith(hint);
  return {
    code,
    message: isAtEnd ? message.slice(0, -hint.length).trimEnd() : message,
    ...(hint === undefined ? {} : { hint }),
    ...(key === undefined ? {} : { key }),
  };
}

/** Writes an error the way all of them are shown: what went wrong, then what to do. */
export function errorLines(error: unknown, paint: Paint, isDebug: boolean): string[] {
  const { code, message, hint } = errorFacts(error);
  const isPlain = code === 'usage' || code === 'unknown';
  const label = isPlain ? 'error' : `error ${code}`;
  // A file may have several problems, one a line.
  const text = code === 'invalid-config' ? message.split('\n') : [message];
  const lines = [`${paint('red', `${label}:`)} ${text.map(printable).join('\n')}`];
  const cause = causeOf(error);
  if (code === 'unknown' && cause !== undefined && !message.includes(cause)) {
    lines.push(`${paint('dim', 'cause:')} ${printable(cause)}`);
  }
  if (hint !== undefined) lines.push(`${paint('cyan', 'hint:')} ${printable(hint)}`);
  if (isDebug) lines.push(...stacks(error).map((line) => paint('dim', line)));
  return lines;
}

function causeOf(error: unknown): string | undefined {
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;
}

function stacks(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = (error.stack ?? '').split('\n');
  return error.cause === undefined ? own : [...own, 'caused by', ...stacks(error.cause)];
}
