import type { WebStorage } from './localstorage-globals.ts';

/** What a store knows of itself, in an item of its own. */
export interface StoreState {
  /** Random; another one when the store was cleared. */
  readonly id: string;
  /** Number of the last change. Only grows. */
  readonly change: number;
}

const VERSION = 1;
/** Fixed, so that counting on needs no more room when the origin is full. */
const CHANGE_DIGITS = 15;

export function readState(storage: WebStorage, name: string): StoreState | undefined {
  const value = storage.getItem(name);
  const [, id, change] = /^granary(?:\d+) (\S+) (\d+)$/.exec(value ?? '') ?? [];
  return id === undefined ? undefined : { id, change: Number(change) };
}

/** Errors: those of `setItem`. */
export function writeState(storage: WebStorage, name: string, { id, change }: StoreState): void {
  const digits = String(change).padStart(CHANGE_DIGITS, '0');
  storage.setItem(name, `granary${VERSION} ${id} ${digits}`);
}

/** Text of 96 random bits. `crypto.randomUUID` is missing where the page is not secure. */
export function randomId(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(12))));
}
