/** Counts rejections that nobody handles, from now until `stop`. */
export interface RejectionCount {
  count(): number;
  stop(): void;
}

/** The part of Node's `process`, which Bun and Deno have too, that tells of unhandled rejections. */
interface RejectionSource {
  on(name: 'unhandledRejection', listener: () => void): unknown;
  off(name: 'unhandledRejection', listener: () => void): unknown;
}

/** Begins to count; `undefined` where the runtime does not tell. */
export function unhandledRejections(
  source: RejectionSource | undefined = (globalThis as { readonly process?: RejectionSource })[
    'process'
  ],
): RejectionCount | undefined {
  if (source === undefined) return undefined;
  let unhandled = 0;
  const listener = () => {
    unhandled += 1;
  };
  source.on('unhandledRejection', listener);
  return { count: () => unhandled, stop: () => source.off('unhandledRejection', listener) };
}
