import { words } from './check-fields.ts';
import { json, type Routes } from './request.ts';

const ACCOUNT = 'dbid:AAFakeAccountOfGranaryTests0000000000';

/** The account, its space, and checks. https://github.com/dropbox/dropbox-api-spec/blob/main/users.stone and check.stone, read 2026-11-21 */
export const accountRoutes: Routes = {
  'users/get_space_usage': {
    host: 'api',
    style: 'rpc',
    scope: 'account_info.read',
    fields: null,
    answer({ state, settings }) {
      const used = state.used();
      const allocated = settings.capacityBytes;
      if (!settings.isTeam) {
        return json({ used, allocation: { '.tag': 'individual', allocated } });
      }
      return json({
        used,
        allocation: {
          '.tag': 'team',
          used: used * 2,
          allocated,
          user_within_team_space_allocated: 0,
          user_within_team_space_limit_type: { '.tag': 'off' },
          user_within_team_space_used_cached: used,
        },
      });
    },
  },
  'users/get_current_account': {
    host: 'api',
    style: 'rpc',
    scope: 'account_info.read',
    fields: null,
    answer: ({ settings }) =>
      json({
        account_id: ACCOUNT,
        name: {
          given_name: 'Franz',
          surname: 'Ferdinand',
          familiar_name: 'Franz',
          display_name: 'Franz Ferdinand',
          abbreviated_name: 'FF',
        },
        email: 'franz@example.com',
        email_verified: true,
        disabled: false,
        locale: 'en',
        referral_link: 'https://db.tt/fake',
        is_paired: false,
        account_type: { '.tag': settings.isTeam ? 'business' : 'basic' },
        root_info: { '.tag': 'user', root_namespace_id: '1', home_namespace_id: '1' },
      }),
  },
  'check/user': {
    host: 'api',
    style: 'rpc',
    scope: 'account_info.read',
    fields: { query: words(500) },
    answer: ({ arg }) => json({ result: arg['query'] ?? '' }),
  },
  'auth/token/revoke': {
    host: 'api',
    style: 'rpc',
    fields: null,
    answer({ accounts }) {
      accounts.revoke();
      return json(null);
    },
  },
};
