import { isStorageError } from '@granary/storage-core';
import { describe, expect, test } from 'vitest';
import { checkFields } from './check-fields.ts';

function refusal(config: object): string | undefined {
  try {
    checkFields(config, ['durability', 'onQuota']);
    return undefined;
  } catch (error) {
    if (!isStorageError(error, 'invalid-config')) throw error;
    expect(error.operation).toBe('createStorage');
    return error.message;
  }
}

describe('checkFields', () => {
  test.each([
    {},
    { platform: 'auto', appName: 'a', requireDurable: true, onWarning() {}, onQuota() {} },
    { dbName: undefined, type: undefined },
    { primary: 'memory', fallbacks: [], retryPolicy: {}, appName: 'a', requireDurable: false },
    { engine: {}, appName: undefined },
    { type: 'indexeddb', anything: 'is for the backend to judge' },
  ])('lets %j through', (config) => {
    expect(refusal(config)).toBeUndefined();
  });

  test.each([
    [
      { dbName: 'a' },
      /the automatic choice takes no option "dbName".*Give `type` as well.*appName/,
    ],
    [{ durablity: 'strict' }, /no option "durablity".*Did you mean "durability"\? If not: Give/],
    [{ primary: 'memory', largeObjects: false }, /a chain.*"largeObjects".*stand in its entry/],
    [{ primary: 'memory', fallback: [] }, /a chain.*"fallback".*Did you mean "fallbacks"/],
    [{ engine: {}, requireDurable: true }, /given back as it is.*"requireDurable".*factory/],
  ])('refuses %j', (config, message) => {
    expect(refusal(config)).toMatch(message);
  });
});
