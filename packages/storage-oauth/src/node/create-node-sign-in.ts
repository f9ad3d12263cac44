import { createSignIn as createSignInOver } from '../create-sign-in.ts';
import type { CommonSignInOptions, SignIn, SignInFlow } from '../sign-in.ts';
import { loopback } from './loopback.ts';

/** Options of a sign-in in Node. */
export interface NodeSignInOptions extends CommonSignInOptions {
  /** Default: `loopback()`, the browser of the system. */
  readonly flow?: SignInFlow;
}

/**
 * Sign-in to one provider: through the browser of the system, or by a code.
 * Asks and reads nothing before its first call. Errors: `invalid-config`.
 */
export function createSignIn(options: NodeSignInOptions): SignIn {
  return createSignInOver({ ...options, flow: options.flow ?? loopback() });
}
