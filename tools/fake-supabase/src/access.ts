import { type Claims, verifyJwt } from './jwt.ts';
import { refuse } from './refusal.ts';
import type { StoredFile } from './state.ts';

/** What a row-level security policy is asked. */
export interface PolicyQuestion {
  readonly role: string;
  /** The user's id: `auth.uid()`. */
  readonly sub: string | undefined;
  readonly action: 'select' | 'insert' | 'update' | 'delete';
  readonly bucket: string;
  readonly name: string;
  readonly owner: string | undefined;
}

/** Stands for the policies on `storage.objects`. The service role is not asked. */
export type Policy = (question: PolicyQuestion) => boolean;

/** A signed-in user has the folder that is named after the user's id, in every bucket. */
export const ownFolder: Policy = ({ role, sub, name }) =>
  role === 'authenticated' && sub !== undefined && name.split('/')[0] === sub;

/** Who asks. */
export interface Caller {
  readonly role: string;
  readonly sub: string | undefined;
  readonly isAuthenticated: boolean;
}

/** Tells what a caller may do. */
export interface Access {
  /** The caller of a route that wants a token. */
  authenticated(header: string | undefined): Caller;
  /** The caller of a route that also takes a bad token or none, as nobody. */
  optional(header: string | undefined): Caller;
  may(caller: Caller, action: PolicyQuestion['action'], file: FilePlace): boolean;
  /** The row when the caller may see it. */
  visible(caller: Caller, file: StoredFile | undefined): StoredFile;
}

type FilePlace = Pick<StoredFile, 'bucket' | 'name'> & { readonly owner?: string | undefined };

const NOBODY: Caller = { role: 'anon', sub: undefined, isAuthenticated: false };

/** https://github.com/supabase/storage/blob/master/src/http/plugins/jwt.ts */
export function makeAccess(secret: string, nowMs: () => number, policy: Policy): Access {
  function read(header: string): Caller {
    const claims: Claims = verifyJwt(header.replace(/^Bearer\s+/i, ''), secret, nowMs());
    const { role, sub } = claims;
    return {
      role: typeof role === 'string' ? role : 'anon',
      sub: typeof sub === 'string' ? sub : undefined,
      isAuthenticated: true,
    };
  }

  const may: Access['may'] = ({ role, sub }, action, { bucket, name, owner }) =>
    role === 'service_role' || policy({ role, sub, action, bucket, name, owner });

  return {
    may,
    authenticated(header = '') {
      try {
        return read(header);
      } catch (error) {
        throw refuse.denied((error as Error).message);
      }
    },
    optional(header = '') {
      try {
        return read(header);
      } catch {
        return NOBODY;
      }
    },
    visible(caller, file) {
      if (!file || !may(caller, 'select', file)) throw refuse.noSuchKey();
      return file;
    },
  };
}
