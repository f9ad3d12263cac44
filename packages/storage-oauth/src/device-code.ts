import { StorageError } from '@granary/storage-core';
import type { Grant } from './grant.ts';
import type { DeviceStart, OAuthClient } from './oauth-client.ts';
import type { FlowRequest, SignInFlow } from './sign-in.ts';

/** What a person needs to sign in on another device. */
export interface DevicePrompt {
  /** The address to open. */
  readonly verificationUri: string;
  /** The address with the code in it, where the provider has one. */
  readonly verificationUriComplete?: string;
  /** What to enter there. */
  readonly userCode: string;
  readonly expiresAt: Date;
}

/** Options of {@link deviceCode}. */
export interface DeviceCodeOptions {
  /** Shows the code. */
  readonly onPrompt: (prompt: DevicePrompt) => void | Promise<void>;
  /** Waits. Default: a timer. Units: ms. */
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** RFC 8628, 3.5. Units: ms. */
const SLOWER_BY_MS = 5_000;
const LONGEST_INTERVAL_MS = 60_000;

/**
 * Signs in with a code that a person enters in any browser: for terminals.
 * https://www.rfc-editor.org/rfc/rfc8628.
 */
export function deviceCode({ onPrompt, sleep = timer }: DeviceCodeOptions): SignInFlow {
  return {
    name: 'device code',

    async signIn(client, { scopes, signal }) {
      checkScopes(client, scopes);
      const start = await client.startDevice(scopes, signal);
      const deadline = client.now() + start.expiresInMs;
      const { verificationUri, verificationUriComplete, userCode } = start;
      await onPrompt({
        verificationUri,
        ...(verificationUriComplete !== undefined && { verificationUriComplete }),
        userCode,
        expiresAt: new Date(deadline),
      });
      let intervalMs = start.intervalMs;
      while (client.now() < deadline) {
        await sleep(intervalMs, signal);
        const answer = await poll(client, start, scopes, signal);
        if (typeof answer === 'object') return answer;
        if (answer === 'slow-down') intervalMs += SLOWER_BY_MS;
        if (answer === 'no-answer') intervalMs = Math.min(2 * intervalMs, LONGEST_INTERVAL_MS);
      }
      throw new StorageError('timeout', 'nobody has signed in while the code was good.', {
        provider: client.provider.id,
        operation: 'signIn',
        outcome: 'not-applied',
        retryable: false,
        hint: 'Ask for another code: signIn().',
      });
    },
  };
}

/** Asks once; a network that fails is asked again, less often (RFC 8628, 3.5). */
async function poll(
  client: OAuthClient,
  start: DeviceStart,
  scopes: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Grant | 'pending' | 'slow-down' | 'no-answer'> {
  try {
    return await client.pollDevice(start, scopes, signal);
  } catch (error) {
    const { code } = error as StorageError;
    if (code === 'unavailable' || code === 'rate-limited') return 'no-answer';
    throw error;
  }
}

function checkScopes({ provider }: OAuthClient, scopes: FlowRequest['scopes']): void {
  const { deviceScopes, title, id } = provider;
  const refused = scopes.filter((scope) => deviceScopes && !deviceScopes.includes(scope));
  if (refused.length === 0) return;
  throw new StorageError(
    'invalid-config',
    `${title} does not give ${refused.join(', ')} to a device code.`,
    {
      provider: id,
      operation: 'signIn',
      outcome: 'not-applied',
      hint: `Ask for ${deviceScopes?.join(', ')}, or sign in with loopback().`,
    },
  );
}

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(waiting);
      reject(signal?.reason);
    };
    const waiting = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
  });
}
