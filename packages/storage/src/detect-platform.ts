/** Where the program runs, as far as storing things goes. */
export interface Platform {
  readonly runtime:
    | 'node'
    | 'electron'
    | 'bun'
    | 'deno'
    | 'browser'
    | 'worker'
    | 'edge'
    | 'unknown';
  /** Whether there is a file system that stays. */
  readonly hasFileSystem: boolean;
}

/** The parts of `globalThis` that tell one platform from another. */
export interface PlatformGlobals {
  readonly process?: { readonly versions?: Readonly<Record<string, string | undefined>> };
  readonly Bun?: unknown;
  readonly Deno?: unknown;
  readonly document?: unknown;
  readonly navigator?: { readonly userAgent?: string };
  readonly importScripts?: unknown;
}

/**
 * Tells the platform from its globals. Pure: it looks at nothing else, and asks the operating
 * system nothing.
 */
export function detectPlatform(globals: PlatformGlobals): Platform {
  const runtime = detectRuntime(globals);
  const hasFileSystem = ['node', 'electron', 'bun', 'deno'].includes(runtime);
  return { runtime, hasFileSystem };
}

function detectRuntime(globals: PlatformGlobals): Platform['runtime'] {
  const { process, Bun, Deno, document, navigator, importScripts } = globals;
  const versions = process?.versions ?? {};
  // Cloudflare's runtime shows Node's version too, and its file system ends with the request.
  // https://developers.cloudflare.com/workers/runtime-apis/nodejs/fs/ (read 2026-11-21)
  if (navigator?.userAgent === 'Cloudflare-Workers') return 'edge';
  if (Bun !== undefined) return 'bun';
  if (Deno !== undefined) return 'deno';
  if (versions['electron'] !== undefined)
    return versions['node'] === undefined ? 'browser' : 'electron';
  if (versions['node'] !== undefined) return 'node';
  if (document !== undefined) return 'browser';
  return importScripts === undefined ? 'unknown' : 'worker';
}
