import { watchedSource } from './content.ts';
import type { ScenarioContext } from './scenario.ts';

/** A stream of chunks. */
export function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return watchedSource(chunks).stream;
}

/** An iteration over chunks. */
export async function* generate(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk;
}

/** Whether a body without a size can go up in one put: it can, unless core would send it in parts. */
export function takesUnknownSizes({
  capabilities,
}: Pick<ScenarioContext, 'capabilities'>): boolean {
  return capabilities.maxPutBytes === undefined || !capabilities.upload;
}
