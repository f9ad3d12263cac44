import { expect, it } from 'vitest';
import { mapHarness } from '../test/providers/map-harness.ts';
import type { OpenStore } from './harness.ts';
import { isDeclared, unmetNeed } from './needs.ts';
import type { Need } from './scenario.ts';

const capabilities = {
  copy: true,
  move: false,
  attributes: 'none',
  delimiter: 'slash',
  maxKeyBytes: 5,
} as const;
const bare = mapHarness({ bare: true });
const store = bare.create() as OpenStore;

it.each<[Need, string | undefined]>([
  ['copy', undefined],
  ['move', '`move` is not declared'],
  ['watch', '`watch` is not declared'],
  ['attributes', '`attributes` is not declared'],
  ['maxKeyBytes', undefined],
  ['!copy', '`copy` is declared'],
  ['!move', undefined],
  ['!attributes', undefined],
  ['delimiter=slash', undefined],
  ['delimiter=slash|any', undefined],
  ['delimiter=any', '`delimiter` is "slash", not "any"'],
  ['etagCovers=write|attributes', '`etagCovers` is not declared'],
  ['reopen', 'the harness has no `reopen`'],
  ['layer', 'the harness is not one of a layer'],
  ['outside.held', 'the harness has no `outside.held`'],
])('says for %s: %s', (need, reason) => {
  expect(unmetNeed([need], capabilities, store, bare)).toBe(reason);
});

it('is content with a harness that offers everything', () => {
  const harness = mapHarness({ layer: (inner) => inner });
  const full = harness.create() as OpenStore;
  const needs: readonly Need[] = ['reopen', 'layer', 'outside.held', 'outside.fault'];
  expect(unmetNeed(needs, capabilities, full, harness)).toBeUndefined();
});

it('knows what counts as declared', () => {
  expect(isDeclared({ copy: true }, 'copy')).toBe(true);
  expect(isDeclared({ listOrder: 'none' }, 'listOrder')).toBe(false);
});
