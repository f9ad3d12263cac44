import {
  type ErrorCode,
  isStorageError,
  type ObjectInfo,
  type StorageError,
} from '@granary/storage-core/provider';
import { isEqual } from './is-equal.ts';
import { show } from './show.ts';

/** Lists of so many texts are compared in words. */
const LONG_LIST = 8;

/** A promise that a provider did not keep. */
export class CheckError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CheckError';
  }
}

/** Ends a scenario as failed. */
export function fail(message: string, cause?: unknown): never {
  throw new CheckError(message, cause);
}

/** Fails unless the condition holds. `what` says what should have been. */
export function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) fail(what);
}

/** Fails unless both are equal by value. `what` names the thing that was looked at. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  if (isEqual(actual, expected)) return;
  fail(`${what}: ${differenceOf(actual, expected)}`);
}

/** Says how two values differ; of long lists of texts, only what is missing and what is too much. */
function differenceOf(actual: unknown, expected: unknown): string {
  if (!isTexts(actual) || !isTexts(expected) || expected.length < LONG_LIST) {
    return `expected ${show(expected)}, got ${show(actual)}`;
  }
  const missing = expected.filter((text) => !actual.includes(text));
  const extra = actual.filter((text) => !expected.includes(text));
  if (missing.length + extra.length > 0) {
    return `of ${expected.length}, ${show(missing)} are missing and ${show(extra)} are too much`;
  }
  const place = expected.findIndex((text, index) => text !== actual[index]);
  return actual.length === expected.length
    ? `another order: at ${place} expected ${show(expected[place])}, got ${show(actual[place])}`
    : `expected ${expected.length}, got ${actual.length} with some repeated`;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** Two infos of one write. A service may not date its answer, so `modifiedAt` may be a second off (PUT-4). */
export function sameWrite(told: ObjectInfo, found: ObjectInfo, what: string): void {
  const { modifiedAt: toldAt, ...rest } = told;
  const { modifiedAt: foundAt, ...others } = found;
  equal(rest, others, what);
  const apartMs = Math.abs(toldAt.getTime() - foundAt.getTime());
  ensure(apartMs <= 1000, `modifiedAt of ${what} is ${apartMs} ms off`);
}

/** Fails when both are equal by value. */
export function differs(actual: unknown, other: unknown, what: string): void {
  if (isEqual(actual, other)) fail(`${what}: expected a change, both are ${show(actual)}`);
}

/** The value, or a failure that says what is missing. */
export function present<Value>(value: Value | undefined | null, what: string): Value {
  if (value === undefined || value === null) return fail(`${what} is missing`);
  return value;
}

type Action = Promise<unknown> | (() => unknown);

/** The error that an action fails with; fails when it succeeds. */
export async function rejection(action: Action, what: string): Promise<unknown> {
  let value: unknown;
  try {
    value = await (typeof action === 'function' ? action() : action);
  } catch (error) {
    return error;
  }
  return fail(`${what}: expected a failure, got ${show(value)}`);
}

/** The error, when it is a StorageError; fails when it is not. */
export function storageError(error: unknown, what: string): StorageError {
  if (isStorageError(error)) return error;
  return fail(`${what} should fail with a StorageError, not with ${show(error)}`, error);
}

/** The StorageError with one of the codes that an action fails with. */
export async function failsWith(
  codes: ErrorCode | readonly ErrorCode[],
  action: Action,
  what: string,
): Promise<StorageError> {
  const wanted: readonly ErrorCode[] = typeof codes === 'string' ? [codes] : codes;
  const list = wanted.map((code) => `"${code}"`).join(' or ');
  const error = await rejection(action, `${what}: should fail with ${list}`);
  if (!isStorageError(error)) {
    return fail(`${what}: expected a StorageError ${list}, got ${show(error)}`, error);
  }
  if (!wanted.includes(error.code)) {
    return fail(`${what}: expected ${list}, got "${error.code}" (${error.message})`, error);
  }
  return error;
}
