import { usageError } from '../exit-codes.ts';
import type { Host } from '../host.ts';
import { askNewSecret, canAsk } from '../terminal/ask.ts';

/** The vault takes no more. Units: bytes. */
const MAX_BYTES = 65_536;

/**
 * Reads a secret from where others cannot see it: a variable that was named, else the terminal without
 * showing it, else the input, of which one line break at the end is no part.
 * Errors: usage.
 */
export async function readSecret(
  host: Host,
  variable: string | undefined,
  label: string,
): Promise<string> {
  const secret = await readFrom(host, variable, label);
  if (secret !== '') return secret;
  throw usageError('the secret is empty.', 'Nothing was changed.');
}

async function readFrom(host: Host, variable: string | undefined, label: string): Promise<string> {
  if (variable !== undefined) {
    const value = host.env[variable];
    if (value !== undefined) return value;
    throw usageError(`--env: the variable ${variable} is not set.`);
  }
  if (canAsk(host)) return askNewSecret(host, label);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of host.stdin) {
    const bytes = Buffer.from(chunk as string | Uint8Array);
    size += bytes.byteLength;
    if (size > MAX_BYTES) throw usageError('the input is too long for a secret.');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
