import { inspect } from 'node:util';
import { expect, test, vi } from 'vitest';
import { fakeClock } from '../../test/fake-clock.ts';
import {
  type GoogleOAuth2Like,
  type GoogleTokenAnswer,
  googleTokenClient,
} from './google-token-client.ts';

type Config = Parameters<GoogleOAuth2Like['initTokenClient']>[0];
const SCOPE = 'https://www.googleapis.com/auth/drive.file';

function setUp(answer: (config: Config, count: number) => void, more: object = {}) {
  const clock = fakeClock();
  const configs: Config[] = [];
  const revoked: string[] = [];
  const oauth2: GoogleOAuth2Like = {
    initTokenClient(config) {
      configs.push(config);
      return { requestAccessToken: () => answer(config, configs.length) };
    },
    revoke(token, done) {
      revoked.push(token);
      done();
    },
  };
  const client = googleTokenClient({ oauth2, clientId: 'me', now: clock.now, ...more });
  return { client, clock, configs, revoked };
}

const gives =
  (more: GoogleTokenAnswer = {}) =>
  (config: Config, count: number): void =>
    config.callback({ access_token: `token-${count}`, expires_in: 3600, scope: SCOPE, ...more });

test("keeps a token of Google's window until shortly before its end", async () => {
  const { client, clock, configs, revoked } = setUp(gives(), { loginHint: 'ann' });
  await client.signIn();
  const [one, two] = await Promise.all([client.getToken({}), client.getToken({})]);
  expect([one.token, two.token]).toEqual(['token-1', 'token-1']);
  expect(one.expiresAt).toEqual(new Date(clock.now() + 3_600_000));
  expect(configs).toMatchObject([{ client_id: 'me', scope: SCOPE, login_hint: 'ann' }]);
  clock.advance(3_540_000);
  expect((await client.getToken({})).token).toBe('token-2');
  expect((await client.getToken({ refresh: true })).token).toBe('token-3');
  expect(inspect(await client.getToken({}))).not.toContain('token-3');
  expect(await client.signOut()).toEqual({ revoked: 'yes' });
  expect(revoked).toEqual(['token-3']);
  expect(await client.signOut()).toEqual({ revoked: 'yes' });
  expect(revoked).toHaveLength(1);
});

test('forgets the token also when nothing is heard of giving it back', async () => {
  const answers = [undefined, { successful: false }];
  for (const answer of answers) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let asked = 0;
    const client = googleTokenClient({
      clientId: 'me',
      oauth2: {
        initTokenClient: (config) => ({
          requestAccessToken() {
            asked += 1;
            gives()(config, asked);
          },
        }),
        revoke: (_token, done) => answer && done(answer),
      },
    });
    await client.signIn();
    const result = client.signOut();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await result).toEqual({ revoked: 'failed' });
    expect((await client.getToken({})).token).toBe('token-2');
    vi.useRealTimers();
  }
});

test('says what went wrong', async () => {
  const cases: readonly [(config: Config, count: number) => void, string][] = [
    [gives({ error: 'access_denied' }), 'permission-denied'],
    [gives({ scope: 'openid' }), 'permission-denied'],
    [(config) => config.callback({}), 'permission-denied'],
    [(config) => config.error_callback({ type: 'popup_closed' }), 'aborted'],
    [(config) => config.error_callback({ type: 'popup_failed_to_open' }), 'permission-denied'],
    [(config) => config.error_callback({ type: 'unknown' }), 'unknown'],
  ];
  for (const [answer, code] of cases) {
    await expect(setUp(answer).client.getToken({})).rejects.toMatchObject({ code });
  }
  const bare = setUp((config) => config.callback({ access_token: 'x' }), { scopes: ['openid'] });
  expect((await bare.client.getToken({})).token).toBe('x');
});
