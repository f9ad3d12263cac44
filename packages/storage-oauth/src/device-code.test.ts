import { describe, expect, test } from 'vitest';
import { fakeClock } from '../test/fake-clock.ts';
import { fakeNetwork, tokens } from '../test/fake-fetch.ts';
import { createSignIn } from './create-sign-in.ts';
import { type DeviceCodeOptions, type DevicePrompt, deviceCode } from './device-code.ts';
import { dropbox } from './providers/dropbox.ts';
import { google } from './providers/google.ts';
import type { SignInProvider } from './providers/provider.ts';

const START = {
  device_code: 'the-device-code',
  user_code: 'ABCD-EFGH',
  verification_url: 'https://www.google.com/device',
  expires_in: 60,
  interval: 3,
};
const PENDING = { error: 'authorization_pending' };

function terminal(
  answers: readonly (object | (() => never))[],
  more: { provider?: SignInProvider; options?: Partial<DeviceCodeOptions> } = {},
) {
  const clock = fakeClock();
  const prompts: DevicePrompt[] = [];
  const network = fakeNetwork(({ url }, count) => {
    if (url.endsWith('/device/code')) return START;
    const answer = answers[count - 2] ?? PENDING;
    return typeof answer === 'function' ? (answer as () => never)() : answer;
  });
  const flow = deviceCode({
    onPrompt: (prompt) => void prompts.push(prompt),
    sleep: (ms) => clock.sleep(ms),
    ...more.options,
  });
  const { provider = google({ clientId: 'me', clientSecret: 's' }) } = more;
  const auth = createSignIn({ provider, flow, clock, fetch: network.fetch });
  return { auth, clock, prompts, sent: network.sent };
}

const unreachable = (): never => {
  throw new TypeError('no');
};

describe('a device code', () => {
  test('is shown, and asked for at the pace that the provider wants', async () => {
    const { auth, clock, prompts, sent } = terminal([
      PENDING,
      { error: 'slow_down' },
      unreachable,
      PENDING,
      tokens(1),
    ]);
    await auth.signIn();
    expect(prompts).toEqual([
      {
        verificationUri: 'https://www.google.com/device',
        userCode: 'ABCD-EFGH',
        expiresAt: new Date('2026-11-21T12:01:00Z'),
      },
    ]);
    expect(clock.sleeps).toEqual([3000, 3000, 8000, 16_000, 16_000]);
    expect(sent[1]?.form.get('device_code')).toBe('the-device-code');
  });

  test('ends with its time, or when the provider says so', async () => {
    const { auth, clock } = terminal([]);
    await expect(auth.signIn()).rejects.toMatchObject({ code: 'timeout', retryable: false });
    expect(clock.sleeps).toHaveLength(20);
    const { auth: other } = terminal([{ error: 'expired_token' }]);
    await expect(other.signIn()).rejects.toMatchObject({ code: 'timeout' });
  });

  test.each(['access_denied', 'authorization_declined'])('hears of a no, as %s', async (error) => {
    const { auth } = terminal([{ error }]);
    await expect(auth.signIn()).rejects.toMatchObject({ code: 'permission-denied' });
  });

  test('can be given up while it is waited for', async () => {
    const controller = new AbortController();
    const onPrompt = (): void => controller.abort('enough');
    const { auth } = terminal([]);
    await expect(auth.signIn({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
    for (const delayed of [onPrompt, () => void setTimeout(onPrompt, 20)]) {
      const flow = deviceCode({ onPrompt: delayed });
      const { fetch } = fakeNetwork(() => START);
      const given = createSignIn({ provider: google({ clientId: 'me' }), flow, fetch });
      const signal = controller.signal.aborted ? new AbortController() : controller;
      const waiting = given.signIn({ signal: signal.signal });
      if (signal !== controller) setTimeout(() => signal.abort('enough'), 20);
      await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    }
  });

  test('is waited for with a timer', async () => {
    const short = { ...START, interval: 0.01 };
    const { fetch } = fakeNetwork(({ url }) => (url.endsWith('code') ? short : tokens(1)));
    const flow = deviceCode({ onPrompt: () => {} });
    const auth = createSignIn({ provider: google({ clientId: 'me' }), flow, fetch });
    const { signal } = new AbortController();
    expect(await auth.signIn({ signal })).toMatchObject({ id: 'default' });
  });

  test('says before it asks what it cannot be asked for', async () => {
    const drive = google({ clientId: 'me', scopes: ['drive'] });
    const { auth, sent } = terminal([], { provider: drive });
    await expect(auth.signIn()).rejects.toMatchObject({
      code: 'invalid-config',
      hint: expect.stringContaining('drive.file'),
    });
    const { auth: other } = terminal([], { provider: dropbox({ appKey: 'k' }) });
    await expect(other.signIn()).rejects.toMatchObject({ code: 'unsupported' });
    expect(sent).toEqual([]);
  });
});
