import { describe, expect, test } from 'vitest';
import { namesOf, renamed } from './names.ts';

describe('namesOf', () => {
  test('spells a name in every way', () => {
    expect(namesOf('my-cloud2')).toEqual({
      id: 'my-cloud2',
      pascal: 'MyCloud2',
      camel: 'myCloud2',
      constant: 'MY_CLOUD2',
    });
  });

  test.each(['', 'My', '2go', 'a_b', 'a--b', '../x', '-a', 'a-'])("refuses '%s'", (id) => {
    expect(() => namesOf(id)).toThrow(/is no name/);
  });
});

describe('renamed', () => {
  test.each([
    ['acme-provider.ts', 'my-cloud-provider.ts'],
    ['createAcme(acmeProvider)', 'createMyCloud(myCloudProvider)'],
    ['GRANARY_ACME_TOKEN', 'GRANARY_MY_CLOUD_TOKEN'],
    ["name: 'acme'", "name: 'my-cloud'"],
    ['fakeAcme', 'fakeMyCloud'],
    ['https://docs.acme.example/api', 'https://docs.my-cloud.example/api'],
  ])('makes %s into %s', (text, expected) => {
    expect(renamed(text, namesOf('my-cloud'))).toBe(expected);
  });
});
