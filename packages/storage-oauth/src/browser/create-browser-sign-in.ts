import { createSignIn as createSignInOver } from '../create-sign-in.ts';
import type { CommonSignInOptions, SignIn, SignInFlow } from '../sign-in.ts';
import { popup } from './popup.ts';

/** Options of a sign-in in a page. */
export interface BrowserSignInOptions extends CommonSignInOptions {
  /** Default: `popup()`. */
  readonly flow?: SignInFlow;
}

/**
 * Sign-in to one provider: in a window of its own, or by leaving the page.
 * Asks and reads nothing before its first call. Errors: `invalid-config`.
 */
export function createSignIn(options: BrowserSignInOptions): SignIn {
  return createSignInOver({ ...options, flow: options.flow ?? popup() });
}
