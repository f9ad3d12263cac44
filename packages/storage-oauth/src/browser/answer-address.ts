import type { Page } from './page.ts';

/** How the states of the two flows begin, so that a page knows its own answers. */
export const POPUP_MARK = 'granary-popup.';
export const REDIRECT_MARK = 'granary-redirect.';

/** What providers put into the redirect address. */
const ANSWER_NAMES: readonly string[] = [
  'code',
  'state',
  'iss',
  'error',
  'error_description',
  'error_uri',
  'error_subtype',
  'scope',
  'session_state',
  'client_info',
  'authuser',
  'prompt',
  'hd',
];

/** The answer in the address of this page to a sign-in of this kind, if there is one. */
export function answerIn(page: Page, mark: string): URLSearchParams | undefined {
  const { searchParams } = new URL(page.location.href);
  const state = searchParams.get('state') ?? '';
  const isAnswer = searchParams.has('code') || searchParams.has('error');
  return isAnswer && state.startsWith(mark) ? searchParams : undefined;
}

/** Takes the answer out of the address, so that it is in no history, bookmark or log. */
export function cleanAddress(page: Page): void {
  const url = new URL(page.location.href);
  for (const name of ANSWER_NAMES) url.searchParams.delete(name);
  page.history.replaceState(page.history.state, '', url.href);
}

/** The address of this page without query and fragment. */
export function plainAddress({ location }: Page): string {
  return location.origin + location.pathname;
}
