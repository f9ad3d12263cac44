import { expect, test } from 'vitest';
import { layerTaxes } from './layer-tax.ts';

test('measures the layer after the bare engine and before it, by turns', async () => {
  const [layerTax] = layerTaxes;
  const [subject] = layerTax?.subjects ?? [];
  if (layerTax === undefined || subject === undefined) throw new Error('There is no layer.');
  const session = await layerTax.start(subject, { folder: '/f', shared: '/s', scale: 'tiny' });
  await session.verify();
  for (const round of [0, 1]) {
    const { put, get, putTax, getTax } = await session.run(round);
    for (const time of [put, get]) expect(time).toBeGreaterThan(0);
    for (const tax of [putTax, getTax]) expect(tax).toSatisfy(Number.isFinite);
  }
  await session.close();
});
