import { ERROR_CODES, type StorageError, toBody } from '@granary/storage-core/provider';
import { ensure, equal, failsWith, rejection, storageError } from '../check.ts';
import { collect } from '../content.ts';
import { isDeclared } from '../needs.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

/** Calls that fail in a store that holds the object `a` alone, with the key that is to blame. */
function failingCalls({
  provider,
  put,
  capabilities,
}: ScenarioContext): Readonly<Record<string, { readonly key?: string; call(): Promise<unknown> }>> {
  return {
    get: { key: 'missing/x', call: () => provider.get('missing/x', {}) },
    stat: { key: 'missing/x', call: () => provider.stat('missing/x', {}) },
    put: { key: 'bad//key', call: () => put('bad//key') },
    delete: { key: '..', call: () => provider.delete('..', {}) },
    list: { call: () => collect(provider.list({ limit: 0 })) },
    ...(provider.copy && {
      copy: { key: 'missing/x', call: async () => await provider.copy?.('missing/x', 'b', {}) },
    }),
    ...(provider.move && {
      move: { key: 'missing/x', call: async () => await provider.move?.('missing/x', 'b', {}) },
    }),
    ...(provider.setMetadata &&
      isDeclared(capabilities, 'attributes') && {
        setMetadata: {
          key: 'missing/x',
          call: async () => await provider.setMetadata?.('missing/x', { tags: ['t'] }, {}),
        },
      }),
    ...(provider.presign && {
      presign: { key: 'a', call: async () => await provider.presign?.('a', { expiresInMs: -1 }) },
    }),
    ...(provider.upload && {
      upload: { key: 'a', call: async () => await provider.upload?.('a', { token: 'nonsense' }) },
    }),
  };
}

function checkLabels(
  error: StorageError,
  operation: string,
  provider: string,
  key: string | undefined,
): void {
  equal(error.provider, provider, `provider of the error of ${operation}`);
  equal(error.operation, operation, `operation of the error of ${operation}`);
  equal(error.key, key, `key of the error of ${operation}`);
  ensure(
    Object.hasOwn(ERROR_CODES, error.code),
    `${error.code} should be a code of the closed list`,
  );
  if (key !== undefined)
    ensure(
      error.message.includes(JSON.stringify(key)),
      `the message should name the key: ${error.message}`,
    );
  const json = JSON.parse(JSON.stringify(error)) as Record<string, unknown>;
  equal(json['code'], error.code, 'code in the JSON of an error');
  ensure(!('cause' in json), 'the JSON of an error should leave the cause out');
}

export const errorScenarios: readonly Scenario[] = [
  {
    rule: 'ERR-1',
    title: 'labels every error with provider, operation and key',
    async run(context) {
      await context.put('a');
      for (const [operation, { key, call }] of Object.entries(failingCalls(context))) {
        const error = await rejection(call, operation);
        checkLabels(storageError(error, operation), operation, context.provider.name, key);
      }
    },
  },
  {
    rule: 'ERR-1',
    title: 'labels errors of a body',
    async run({ provider, put }) {
      await put('a', 'content');
      const object = await provider.get('a', {});
      await object.bytes();
      const error = await failsWith('invalid-argument', object.bytes(), 'a second read');
      equal(error.key, 'a', 'key');
      await put('b', Uint8Array.of(0xff, 0xfe, 0x80));
      const text = await failsWith(
        'invalid-data',
        (await provider.get('b', {})).text(),
        'text of what is no text',
      );
      equal(text.key, 'b', 'key');
      await failsWith(
        'invalid-data',
        (await provider.get('a', {})).json(),
        'JSON of what is no JSON',
      );
    },
  },
  {
    rule: 'ERR-1',
    title: 'surfaces trouble of every kind as a StorageError',
    needs: ['outside.fault'],
    async run({ provider, put, text, during }) {
      await put('a', 'content');
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        get: async () => (await provider.get('a', {})).bytes(),
        put: () => put('a', 'never'),
        stat: () => provider.stat('a', {}),
        delete: () => provider.delete('a', {}),
        list: () => collect(provider.list({})),
        ...(provider.copy && { copy: async () => await provider.copy?.('a', 'b', {}) }),
        ...(provider.move && { move: async () => await provider.move?.('a', 'b', {}) }),
        ...(provider.setMetadata && {
          setMetadata: async () => await provider.setMetadata?.('a', {}, {}),
        }),
      };
      await during('unavailable', async () => {
        for (const [operation, call] of Object.entries(calls)) {
          const error = storageError(await rejection(call, operation), operation);
          equal(error.operation, operation, 'operation of the error');
          ensure(
            error.code !== 'not-found' && error.code !== 'precondition-failed',
            `trouble should not look like ${error.code}`,
          );
          const writes = operation === 'put' || operation === 'delete';
          ensure(
            !writes || error.outcome !== undefined,
            `the error of ${operation} should tell its outcome`,
          );
        }
      });
      equal(await text('a'), 'content', 'the object after the trouble');
    },
  },
  {
    rule: 'ERR-1',
    title: 'fails when a body ends before its size',
    needs: ['outside.fault'],
    async run({ provider, put, during }) {
      await put('a', 'x'.repeat(50_000));
      await during('cut-body', async () => {
        const read = async () => (await provider.get('a', {})).bytes();
        await failsWith(
          ['unavailable', 'corrupted', 'unknown', 'conflict'],
          read,
          'a body that is cut',
        );
      });
    },
  },
  {
    rule: 'ERR-2',
    title: 'shows neither secrets nor content in its errors',
    async run(context) {
      const { outside, put, provider } = context;
      const secrets = [...(outside.secrets ?? []), 'this is the content of the object'];
      await put('a', 'this is the content of the object');
      const errors: unknown[] = [];
      for (const { call } of Object.values(failingCalls(context)))
        errors.push(await rejection(call, 'a failing call'));
      errors.push(await rejection((await provider.get('a', {})).json(), 'JSON of what is no JSON'));
      errors.push(
        await rejection(
          provider.put('b', toBody('this is the content of the object'), { tags: [''] }),
          'a refused put',
        ),
      );
      if ((await outside.fault?.('unavailable')) === true) {
        errors.push(await rejection(provider.stat('a', {}), 'stat without a network'));
        errors.push(
          await rejection(put('a', 'this is the content of the object'), 'put without a network'),
        );
        await outside.fault?.(undefined);
      }
      for (const error of errors) {
        const shown = `${String(error)} ${JSON.stringify(error)} ${(error as Error).stack}`;
        for (const secret of secrets)
          ensure(!shown.includes(secret), `an error shows what it should not: ${String(error)}`);
      }
    },
  },
  {
    rule: 'ERR-3',
    title: 'tells the outcome of writes that were refused',
    async run({ provider, put, capabilities }) {
      await put('a');
      const errors = [await failsWith('invalid-key', put('a//b'), 'put')];
      errors.push(await failsWith('invalid-key', provider.delete('', {}), 'delete'));
      if (capabilities.createIfAbsent)
        errors.push(
          await failsWith('precondition-failed', put('a', 'x', { ifNoneMatch: '*' }), 'create'),
        );
      if (provider.copy)
        errors.push(
          await failsWith('not-found', () => provider.copy?.('missing', 'b', {}), 'copy'),
        );
      for (const error of errors)
        equal(error.outcome, 'not-applied', `outcome of ${error.operation}`);
    },
  },
  {
    rule: 'ERR-3',
    title: 'tells that nobody knows when the answer to a write was lost',
    needs: ['outside.fault', '!writeIds'],
    async run({ put, during }) {
      await put('a', 'before');
      await during('lost-reply', async () => {
        const error = storageError(
          await rejection(put('a', 'after'), 'put whose answer is lost'),
          'put',
        );
        equal(error.outcome, 'unknown', 'the outcome');
      });
    },
  },
  {
    rule: 'ERR-4',
    title: 'is missing for not-found alone',
    async run({ storage, put }) {
      const engine = storage();
      await put('a');
      equal(await engine.exists('a'), true, 'whether an object exists');
      equal(await engine.exists('b'), false, 'whether a missing object exists');
      await failsWith('invalid-key', engine.exists('a//b'), 'exists of a bad key');
      await failsWith(
        'aborted',
        engine.exists('a', { signal: AbortSignal.abort() }),
        'exists after an abort',
      );
    },
  },
  {
    rule: 'ERR-4',
    title: 'fails while the store cannot be reached',
    needs: ['outside.fault'],
    async run({ storage, put, during }) {
      const engine = storage();
      await put('a');
      await during('unavailable', async () => {
        storageError(await rejection(engine.exists('a'), 'exists without a network'), 'exists');
      });
    },
  },
];
