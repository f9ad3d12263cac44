import { StorageError } from '@granary/storage-core';
import type { Grant } from '../grant.ts';
import type { OAuthClient } from '../oauth-client.ts';
import type { FlowRequest, SignInFlow } from '../sign-in.ts';
import type { AnswerTexts } from './answer-page.ts';
import { listenOnce } from './listen-once.ts';
import { type OpenBrowser, openBrowser } from './open-browser.ts';

/** Options of {@link loopback}. */
export interface LoopbackOptions {
  /** Opens the address of the provider. Default: the browser of the system. */
  readonly open?: OpenBrowser;
  /** The port of the redirect address. Default: a free one, or the one that the provider wants registered. */
  readonly port?: number;
  /** The path of the redirect address. Default: `/`. */
  readonly path?: string;
  /** How long the person has. Default: 300,000. Units: ms. */
  readonly timeoutMs?: number;
  /** What the last page says. */
  readonly texts?: AnswerTexts;
}

const DEFAULT_TIMEOUT_MS = 300_000;

/**
 * Signs in through the browser of the system, which comes back to this machine: for desktop
 * applications and programs of the command line. https://www.rfc-editor.org/rfc/rfc8252#section-7.3.
 */
export function loopback(options: LoopbackOptions = {}): SignInFlow {
  const { open = openBrowser, path = '/', timeoutMs = DEFAULT_TIMEOUT_MS, texts = {} } = options;

  async function signIn(client: OAuthClient, request: FlowRequest): Promise<Grant> {
    const { provider } = client;
    const { signal, ...asked } = request;
    await using listener = await listenOnce({
      host: provider.loopbackHost,
      port: options.port ?? provider.loopbackPort ?? 0,
      path,
      texts,
    });
    const pending = await client.begin({ ...asked, redirectUri: listener.address, signal });
    const limit = AbortSignal.timeout(timeoutMs);
    const answer = listener.answer(
      pending.state,
      signal ? AbortSignal.any([signal, limit]) : limit,
    );
    // It is waited for below; until then nobody hears of it.
    answer.catch(() => undefined);
    await Promise.resolve(open(pending.url));
    let query: URLSearchParams;
    try {
      query = await answer;
    } catch (error) {
      throw limit.aborted && !signal?.aborted ? late(provider.id, timeoutMs) : error;
    }
    try {
      const grant = await client.finish(pending, query, signal);
      await listener.show(true);
      return grant;
    } catch (error) {
      await listener.show(false);
      throw error;
    }
  }

  return { name: 'loopback', signIn };
}

function late(provider: string, timeoutMs: number): StorageError {
  return new StorageError('timeout', `nobody has signed in within ${timeoutMs / 1000} s.`, {
    provider,
    operation: 'signIn',
    outcome: 'not-applied',
    retryable: false,
    hint: 'Try again: signIn().',
  });
}
