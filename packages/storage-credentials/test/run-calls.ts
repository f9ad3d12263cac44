import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A vault in a process of its own, and what is called on it. */
export interface CallSettings {
  readonly driver: 'keyring' | 'keytar' | 'file' | 'auto';
  readonly name?: string;
  readonly folder?: string;
  /** Where keytar was built. */
  readonly keytarFolder?: string;
  readonly file?: { readonly passphrase?: string; readonly keyFile?: string };
  readonly calls: readonly (readonly [operation: string, ...args: unknown[]])[];
}

/** What came of one call. */
export interface CallResult {
  readonly value?: unknown;
  readonly error?: { readonly code?: string; readonly message: string; readonly hint?: string };
}

const SCRIPT = fileURLToPath(new URL('./processes/vault-calls.ts', import.meta.url));

/** Runs sources, those of other packages too. */
export const NODE_OPTIONS: readonly string[] = ['--conditions', '@granary/source', '--no-warnings'];

/** Makes the calls in a new process. `env`: more variables, or fewer where one is undefined. */
export async function runCalls(
  settings: CallSettings,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<readonly CallResult[]> {
  const { stdout } = await run(
    process.execPath,
    [...NODE_OPTIONS, SCRIPT, JSON.stringify(settings)],
    { env: { ...process.env, ...env }, timeout: 60_000 },
  );
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as CallResult);
}
