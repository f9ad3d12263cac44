import { StorageError } from '@granary/storage-core';
import type { PendingSignIn } from '../oauth-client.ts';
import type { FlowRequest, SignInFlow } from '../sign-in.ts';
import { answerIn, cleanAddress, plainAddress, REDIRECT_MARK } from './answer-address.ts';
import { checkPage } from './check-page.ts';
import { type Page, thisPage } from './page.ts';

/** Options of {@link redirect}. */
export interface RedirectOptions {
  /** Where the provider sends the person back to, as it is registered. Default: this page, without its query. */
  readonly redirectUri?: string;
}

/** What the page needs when it is opened again. */
interface Kept {
  readonly version: 1;
  readonly pending: PendingSignIn;
  readonly request: Omit<FlowRequest, 'signal'>;
  readonly clientId: string;
  readonly beganAt: number;
}

const PREFIX = 'granary-sign-in:';
/** Units: ms. */
const LONGEST_MS = 60 * 60_000;

/**
 * Leaves the page for that of the provider, and goes on with `resume()` when it is back. What has to
 * be remembered meanwhile is in sessionStorage, for this tab alone.
 */
export function redirect(options: RedirectOptions = {}, page: Page = thisPage()): SignInFlow {
  return {
    name: 'redirect',

    async signIn(client, { signal, ...request }) {
      checkPage(client);
      const { redirectUri = plainAddress(page) } = options;
      const pending = await client.begin({ ...request, redirectUri, mark: REDIRECT_MARK, signal });
      const { clientId } = client.provider;
      const kept: Kept = { version: 1, pending, request, clientId, beganAt: client.now() };
      page.sessionStorage.setItem(PREFIX + pending.state, JSON.stringify(kept));
      page.location.assign(pending.url);
      // The page goes away; who waits goes with it, unless the application gives up before.
      return new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    },

    async resume(client) {
      const answer = answerIn(page, REDIRECT_MARK);
      if (answer === undefined) return undefined;
      const name = PREFIX + answer.get('state');
      const text = page.sessionStorage.getItem(name);
      const kept = text === null ? undefined : readKept(text);
      // Another sign-in of this page may be the one that the answer is to.
      if (kept !== undefined && kept.clientId !== client.provider.clientId) return undefined;
      page.sessionStorage.removeItem(name);
      cleanAddress(page);
      if (kept?.version !== 1 || client.now() - kept.beganAt > LONGEST_MS) {
        throw new StorageError('unauthenticated', 'the answer is to no sign-in of this tab.', {
          provider: client.provider.id,
          operation: 'signIn',
          outcome: 'not-applied',
          hint: 'Sign in again. A sign-in is good for an hour, in the tab that it began in.',
        });
      }
      const grant = await client.finish(kept.pending, answer);
      return { grant, request: kept.request };
    },
  };
}

function readKept(text: string): Kept | undefined {
  try {
    return JSON.parse(text) as Kept;
  } catch {
    return undefined;
  }
}
