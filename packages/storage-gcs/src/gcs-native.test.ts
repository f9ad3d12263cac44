import { describe, expect, test } from 'vitest';
import { NATIVE_OPTIONS, nativeFields, nativeHeaders } from './gcs-native.ts';

describe('nativeFields', () => {
  test('tells fields of the object from parameters of the request; a put wins over the defaults', () => {
    const native = { storageClass: 'NEARLINE', predefinedAcl: 'publicRead', temporaryHold: true };
    expect(nativeFields({ storageClass: 'ARCHIVE', kmsKeyName: 'k' }, { native })).toEqual({
      resource: { storageClass: 'NEARLINE', temporaryHold: true },
      query: { kmsKeyName: 'k', predefinedAcl: 'publicRead' },
    });
    expect(nativeFields(undefined, {})).toEqual({ resource: {}, query: {} });
  });
});

describe('nativeHeaders', () => {
  test('says in headers what an upload in parts can say', () => {
    const native = { storageClass: 'NEARLINE', predefinedAcl: 'bucketOwnerFullControl' };
    expect(nativeHeaders({ kmsKeyName: 'k' }, { native })).toEqual({
      'x-goog-storage-class': 'NEARLINE',
      'x-goog-acl': 'bucket-owner-full-control',
      'x-goog-encryption-kms-key-name': 'k',
    });
  });

  test('refuses what it cannot say', () => {
    const refused = NATIVE_OPTIONS.filter((name) => {
      try {
        nativeHeaders(undefined, { native: { [name]: 'x' } });
        return false;
      } catch (error) {
        expect(error).toMatchObject({ code: 'unsupported', outcome: 'not-applied' });
        return true;
      }
    });
    expect(refused).toEqual(['contexts', 'eventBasedHold', 'retention', 'temporaryHold']);
  });
});
