import type { RetryOptions } from '@granary/storage-core/provider';
import { describe, expect, onTestFinished, test } from 'vitest';
import { judgeFault, strayGaps } from '../../src/faults/fault-gaps.ts';
import type { FaultHarness } from '../../src/faults/fault-harness.ts';
import type { FaultScenario } from '../../src/faults/fault-scenario.ts';
import { faultScenarios, runFaultScenario } from '../../src/faults/run-fault-scenario.ts';
import { type BoxOptions, createBox } from './box-provider.ts';
import { type BoxServerOptions, startBoxServer } from './box-server.ts';

interface Broken {
  readonly box?: Omit<BoxOptions, 'url'>;
  readonly server?: BoxServerOptions;
  readonly retry?: (retry: RetryOptions) => RetryOptions | false;
  readonly harness?: Partial<FaultHarness>;
}

function brokenHarness({ box, server, retry = (given) => given, harness }: Broken): FaultHarness {
  return {
    name: 'a broken box',
    async target() {
      const { url, stop } = await startBoxServer(server);
      onTestFinished(stop);
      return url;
    },
    open: (place) => ({
      provider: createBox.provider({ ...box, url: place.url, retry: retry(place.retry) }),
    }),
    ...harness,
  };
}

function scenarioOf(title: string): FaultScenario {
  const scenario = faultScenarios.find((one) => one.title === title);
  if (scenario === undefined) throw new Error(`There is no scenario '${title}'.`);
  return scenario;
}

/** What a scenario says of a broken box. */
async function complaint(title: string, broken: Broken): Promise<string> {
  const outcome = await runFaultScenario(brokenHarness(broken), scenarioOf(title));
  return outcome.result === 'failed' ? outcome.error.message : outcome.result;
}

const FOUND: readonly (readonly [string, string, Broken, string])[] = [
  [
    'a server that keeps half of a request',
    'put fails as it should while requests are cut',
    { server: { keepsHalves: true } },
    'whole',
  ],
  ...['get', 'stat', 'list', 'put', 'overwriting put', 'delete', 'upload'].map(
    (name): [string, string, Broken, string] => [
      `a login page taken for the answer to ${name}`,
      `${name} fails as it should while a login page answers`,
      { box: { believesAnyone: true } },
      name === 'delete' ? 'expected a failure' : ':',
    ],
  ),
  [
    'a redirect that is followed',
    'get is not led to another server',
    { box: { follows: true } },
    'requests at the other server',
  ],
  [
    'a Retry-After that is not read',
    'get waits as long as an answer 503 asks for',
    { box: { isImpatient: true } },
    'what was waited',
  ],
  [
    'an hour that is not told',
    'an answer that asks for an hour is told and not waited for',
    { box: { isImpatient: true } },
    'retryAfterMs',
  ],
  [
    'a body that is given although it broke',
    'get fails as it should while replies stop in their middle',
    { box: { takesHalves: true, isDeaf: true }, harness: { timeoutMs: 500 } },
    'hangs',
  ],
  [
    'an outcome that is claimed to be known',
    'put fails as it should while replies are lost',
    { box: { claimsNothingHappened: true } },
    "'new' should hold nothing",
  ],
  [
    'an unknown outcome that a stream is denied',
    'put of a stream with a lost reply says that its outcome is unknown',
    { box: { claimsNothingHappened: true } },
    'unknown',
  ],
  [
    'errors of fetch that are let through',
    'get fails as it should while connections are refused',
    { box: { throwsAnything: true } },
    'not with unknown',
  ],
  [
    'a connection that is left open after an abort',
    'an abort ends a request that gets no reply, and its connection',
    { box: { isDeaf: true }, harness: { keptConnections: 16 } },
    'requests that nobody has ended after close: expected 0, got 1',
  ],
  [
    'a connection that is kept',
    'put waits as long as an answer 503 asks for',
    { server: { keepAliveMs: 60_000 } },
    'after close 0 connections may be open',
  ],
  [
    'nothing that is tried again',
    'stat succeeds after an answer 503',
    { retry: () => false },
    'the box answered 503',
  ],
  [
    'a wait that never ends',
    'stat fails as it should while no reply comes',
    { retry: () => false, harness: { timeoutMs: 200 } },
    'it hangs: there was no result after 200 ms',
  ],
  [
    'a list of which the end is missing',
    'list never leaves out what a reply 10 bytes too long hides',
    { box: { believesAnyone: true } },
    'what was read from a reply with a wrong length',
  ],
  [
    'a store that does not open',
    'stat succeeds after an answer 503',
    { harness: { open: () => Promise.reject('no store') } },
    'no store',
  ],
];

describe('the fault scenarios find', () => {
  test.each(FOUND)('%s', async (_what, title, broken, message) => {
    const said = await complaint(title, broken);
    expect(said).not.toBe('passed');
    expect(said).not.toBe('skipped');
    expect(said).toContain(message);
  });
});

describe('the fault scenarios', () => {
  test('have titles of their own', () => {
    const titles = faultScenarios.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  test('say that a fault which nothing met proves nothing', async () => {
    const idle: FaultScenario = {
      title: 'idle',
      run: ({ under }) => under({ kind: 'refuse' }, async () => undefined),
    };
    const outcome = await runFaultScenario(brokenHarness({}), idle);
    expect(outcome).toMatchObject({
      error: expect.objectContaining({ message: expect.stringContaining("'refuse' could hit") }),
    });
  });

  test('skip what the provider does not declare', async () => {
    const small: Broken = { box: { lacks: ['upload', 'health', 'createIfAbsent', 'rangeReads'] } };
    for (const title of [
      'upload fails as it should while replies are lost',
      'upload succeeds after an answer 503',
      'upload goes on when the reply to its first request is lost',
      'upload is not led to another server',
      'creating put with a lost reply succeeds, or says that its outcome is unknown',
      'download that is cut once goes on where it was',
      'a store that cannot be reached is told by health',
    ]) {
      expect([title, await complaint(title, small)]).toEqual([title, 'skipped']);
    }
  });

  test('hit the requests that carry content, where the harness knows them', async () => {
    const asked: string[] = [];
    const carriesContent: FaultHarness['carriesContent'] = ({ method }, way) => {
      asked.push(`${method} ${way}`);
      return method === (way === 'up' ? 'PUT' : 'GET');
    };
    const put = 'put succeeds after a reply that is lost';
    expect(await complaint(put, { harness: { carriesContent } })).toBe('passed');
    expect(asked).toContain('PUT up');
    const get = 'get succeeds after a reply that is cut';
    const none = await complaint(get, { harness: { carriesContent: () => false } });
    expect(none).toContain("no request was made that the fault 'cut-response' could hit");
  });

  test('take an unknown outcome of a put that has no id', async () => {
    const title = 'creating put with a lost reply succeeds, or says that its outcome is unknown';
    expect(await complaint(title, { box: { lacks: ['writeIds'] } })).toBe('passed');
    expect(await complaint(title, { retry: () => false })).toContain('could not be reached');
  });
});

describe('known gaps of faults', () => {
  const scenario = scenarioOf('stat succeeds after an answer 503');
  const harness = brokenHarness({ harness: { knownGaps: { [scenario.title]: 'it is old' } } });

  test('have to fail', () => {
    const error = new Error('broken');
    expect(judgeFault(harness, scenario, { result: 'failed', error })).toEqual({
      result: 'passed',
    });
    const closed = judgeFault(harness, scenario, { result: 'passed' });
    expect(closed).toMatchObject({
      error: expect.objectContaining({ message: 'the known gap is closed (it is old); remove it' }),
    });
    const skipped = { result: 'skipped', reason: 'none' } as const;
    expect(judgeFault(harness, scenario, skipped)).toBe(skipped);
    expect(judgeFault(brokenHarness({}), scenario, { result: 'passed' })).toEqual({
      result: 'passed',
    });
  });

  test('have to name a scenario', () => {
    expect(strayGaps(harness, faultScenarios)).toEqual([]);
    expect(strayGaps(harness, [])).toEqual([`the known gap "${scenario.title}" names no scenario`]);
    expect(strayGaps(brokenHarness({}), [])).toEqual([]);
  });
});
