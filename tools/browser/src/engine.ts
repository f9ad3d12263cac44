import type { KeptPrograms } from './kept-programs.ts';

/** What starts one kind of browser. */
export interface EngineOptions {
  readonly executablePath: string;
  readonly programs: KeptPrograms;
  /** A folder of its own for the profile; what it holds is taken over. */
  readonly folder: string;
  /** Host name that leads to this machine without being a secure origin. */
  readonly insecureHost: string;
  readonly incognito: boolean;
}

/** One running browser with one profile. */
export interface RunningBrowser {
  /** Resolves when its process has ended. */
  readonly gone: Promise<unknown>;
  newPage(): Promise<EnginePage>;
  /** Limits what the origin may store; undefined ends that. */
  setQuota(origin: string, bytes: number | undefined): Promise<void>;
  clearStorage(origin: string): Promise<void>;
  /** Ends it in order, so that all that it holds is on disk. */
  close(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
}

/** One page of a running browser. */
export interface EnginePage {
  /** Resolves when its process has crashed or it was closed. */
  readonly gone: Promise<unknown>;
  readonly console: string[];
  load(url: string): Promise<void>;
  /** Evaluates an expression and waits for its promise. */
  evaluate(expression: string): Promise<unknown>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  crash(): Promise<void>;
  close(): Promise<void>;
}

/** What a browser that cannot do something says. */
export function cannot(browser: string, what: string, instead: string): Error {
  return new Error(`${browser} cannot ${what}: ${instead}`);
}

/** Units: ms. A cold start on a busy machine with two cores stays far below it. */
export const START_TIMEOUT_MS = 60_000;
