import { describe, expect, test } from 'vitest';
import { fromJson, newState, toJson } from './azure-session.ts';

describe('the state of a session', () => {
  test('goes through JSON', () => {
    const state = newState({
      totalBytes: 3,
      attributes: { contentType: 'text/css', expiresAt: new Date(1e12), tags: ['a'] },
      checksum: 'sha256',
      writeId: 'w',
      objectTags: { project: 'x' },
      native: { tier: 'Cool', immutabilityPolicy: { expiriesOn: new Date(2e12) } },
    });
    expect(fromJson(toJson(state))).toEqual(state);
  });

  test('can be named alone', () => {
    const { id } = newState({});
    expect(fromJson({ id })).toEqual({ id });
    expect(newState({}).id).not.toBe(id);
  });

  test.each([[null], ['x'], [{}], [{ id: '../other' }], [{ id: 7 }]])('is not %j', (value) => {
    expect(() => fromJson(value)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  test('takes nothing from a token that is no option', () => {
    const { id } = newState({});
    const state = fromJson({ id, attributes: {}, native: { abortSignal: 'x', tier: 'Cool' } });
    expect(state.native).toEqual({ tier: 'Cool' });
  });

  test('refuses what a copy cannot be told, and values of another kind', () => {
    expect(() => newState({ native: { encryptionScope: 'x' } })).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    );
    for (const native of [
      { tier: 1 },
      { legalHold: 'yes' },
      { immutabilityPolicy: 'x' },
      { immutabilityPolicy: { expiriesOn: 'x' } },
    ]) {
      expect(() => newState({ native })).toThrow(
        expect.objectContaining({ code: 'invalid-argument' }),
      );
    }
  });
});
