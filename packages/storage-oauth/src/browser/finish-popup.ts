import { answerIn, cleanAddress, POPUP_MARK } from './answer-address.ts';
import { type Page, thisPage } from './page.ts';

/** What the page in the window tells the one that opened it. */
export interface PopupAnswer {
  readonly granary: 'sign-in';
  /** The query of the redirect address. */
  readonly query: string;
}

/** The channel of one sign-in, which only pages of one origin can hear. */
export function channelName(state: string): string {
  return `granary-sign-in ${state}`;
}

/**
 * Hands the answer in the address of this page to the page that opened the window, and closes it.
 * All that a redirect page of `popup()` has to do. Returns false where there is no answer.
 */
export function finishPopup(page: Page = thisPage()): boolean {
  const answer = answerIn(page, POPUP_MARK);
  if (answer === undefined) return false;
  const message: PopupAnswer = { granary: 'sign-in', query: answer.toString() };
  cleanAddress(page);
  // Pages of the provider may cut the window off from its opener; the channel stays.
  const channel = new page.BroadcastChannel(channelName(answer.get('state') ?? ''));
  channel.postMessage(message);
  channel.close();
  page.opener?.postMessage(message, page.location.origin);
  page.close();
  return true;
}
