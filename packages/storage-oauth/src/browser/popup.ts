import { StorageError } from '@granary/storage-core';
import type { PendingSignIn } from '../oauth-client.ts';
import type { SignInFlow } from '../sign-in.ts';
import { POPUP_MARK, plainAddress } from './answer-address.ts';
import { checkPage } from './check-page.ts';
import { channelName, finishPopup, type PopupAnswer } from './finish-popup.ts';
import { type OpenedWindow, type Page, thisPage } from './page.ts';

/** Options of {@link popup}. */
export interface PopupOptions {
  /** A page of this origin that calls `finishPopup()` or `resume()`, as it is registered. Default: this page, without its query. */
  readonly redirectUri?: string;
  /** Default: 500. Units: px. */
  readonly width?: number;
  /** Default: 650. Units: px. */
  readonly height?: number;
  /** How long the person has. Default: 300,000. Units: ms. */
  readonly timeoutMs?: number;
  /**
   * Gives up when the person closes the window. A page that cuts the window off from its opener
   * (Cross-Origin-Opener-Policy) makes it seem closed: where the first page does, that is noticed, and
   * closing is not; where a later one does, say false here. Default: true.
   */
  readonly noticesClosing?: boolean;
}

const DEFAULT_TIMEOUT_MS = 300_000;
/** Shorter than any person needs to see a page and close it. Units: ms. */
const LOOK_MS = 100;
/** The answer may still be on its way when the window is gone. Units: ms. */
const LATE_ANSWER_MS = 1_000;

/** Signs in in a window of its own; the page stays. Call `signIn()` in a click. */
export function popup(options: PopupOptions = {}, page: Page = thisPage()): SignInFlow {
  const { width = 500, height = 650, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const { noticesClosing = true } = options;

  function features(): string {
    const { availWidth = width, availHeight = height } = page.screen ?? {};
    const left = Math.max(0, Math.round((availWidth - width) / 2));
    const top = Math.max(0, Math.round((availHeight - height) / 2));
    return `popup,width=${width},height=${height},left=${left},top=${top}`;
  }

  function answerTo(
    { state }: PendingSignIn,
    opened: OpenedWindow,
    provider: string,
    signal: AbortSignal | undefined,
  ): Promise<URLSearchParams> {
    const { promise, resolve, reject } = Promise.withResolvers<URLSearchParams>();
    const take = (message: unknown): void => {
      const { granary, query } = (message ?? {}) as Partial<PopupAnswer>;
      if (granary !== 'sign-in' || typeof query !== 'string') return;
      const answer = new URLSearchParams(query);
      if (answer.get('state') === state) resolve(answer);
    };
    const onMessage = ({ origin, data }: MessageEvent): void => {
      if (origin === page.location.origin) take(data);
    };
    const abort = (): void => reject(signal?.reason);
    const channel = new page.BroadcastChannel(channelName(state));
    channel.onmessage = ({ data }) => take(data);
    page.addEventListener('message', onMessage);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    const limit = setTimeout(
      () =>
        reject(failed('timeout', `nobody has signed in within ${timeoutMs / 1000} s.`, provider)),
      timeoutMs,
    );
    let closing: ReturnType<typeof setTimeout> | undefined;
    /** Whether the provider's page was seen in the window, which is not cut off then. */
    let isTied = false;
    const look = setInterval(() => {
      if (!opened.closed) isTied ||= isElsewhere(opened);
      if (!noticesClosing || !isTied || !opened.closed || closing !== undefined) return;
      closing = setTimeout(
        () => reject(failed('aborted', 'the window of the sign-in was closed.', provider)),
        LATE_ANSWER_MS,
      );
    }, LOOK_MS);
    return promise.finally(() => {
      clearTimeout(limit);
      clearTimeout(closing);
      clearInterval(look);
      channel.close();
      page.removeEventListener('message', onMessage);
      signal?.removeEventListener('abort', abort);
      opened.close();
    });
  }

  return {
    name: 'popup',

    async signIn(client, { signal, ...request }) {
      checkPage(client);
      const { id } = client.provider;
      // Before anything is waited for: browsers open windows only in a click.
      const opened = page.open('about:blank', '_blank', features());
      if (opened === null) throw blocked(id);
      const { redirectUri = plainAddress(page) } = options;
      let pending: PendingSignIn;
      try {
        pending = await client.begin({ ...request, redirectUri, mark: POPUP_MARK, signal });
      } catch (error) {
        opened.close();
        throw error;
      }
      const answer = answerTo(pending, opened, id, signal);
      opened.location.href = pending.url;
      return client.finish(pending, await answer, signal);
    },

    async resume() {
      finishPopup(page);
      return undefined;
    },
  };
}

/** Whether a page of another origin is in the window: its address cannot be read. */
function isElsewhere(opened: OpenedWindow): boolean {
  try {
    return opened.location.href === '';
  } catch {
    return true;
  }
}

function failed(code: 'timeout' | 'aborted', reason: string, provider: string): StorageError {
  return new StorageError(code, reason, {
    provider,
    operation: 'signIn',
    outcome: 'not-applied',
    retryable: false,
    hint: 'Try again when the person wants to: signIn().',
  });
}

function blocked(provider: string): StorageError {
  return new StorageError('permission-denied', 'the browser did not open the window.', {
    provider,
    operation: 'signIn',
    outcome: 'not-applied',
    hint: 'Call signIn() in a click, before anything is awaited; or use redirect().',
  });
}
