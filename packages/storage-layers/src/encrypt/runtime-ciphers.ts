import type { Ciphers } from './ciphers.ts';
import { type NodeCrypto, nodeCiphers } from './ciphers-node.ts';
import { webCiphers } from './ciphers-web.ts';

/** What this runtime computes with. */
export const ciphers: Ciphers = ciphersOf(globalThis);

/** Node's own where it is Node, Web Crypto elsewhere; Bun and Deno only imitate the first. */
export function ciphersOf(runtime: object): Ciphers {
  const { process, Bun, Deno } = runtime as {
    readonly process?: { getBuiltinModule?(name: string): unknown };
    readonly Bun?: unknown;
    readonly Deno?: unknown;
  };
  if (Bun !== undefined || Deno !== undefined) return webCiphers;
  const node = process?.getBuiltinModule?.('node:crypto') as NodeCrypto | undefined;
  return node === undefined ? webCiphers : nodeCiphers(node);
}
