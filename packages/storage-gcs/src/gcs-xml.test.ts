import { expect, test } from 'vitest';
import { elements, elementText, escapeXml, unescapeXml } from './gcs-xml.ts';

test('finds elements, with and without attributes', () => {
  const xml = `<List xmlns='x'><Part><Size>1</Size></Part><Part><Size>2</Size></Part></List>`;
  expect(elements(xml, 'Part')).toEqual(['<Size>1</Size>', '<Size>2</Size>']);
  expect(elements(xml, 'List')).toHaveLength(1);
  expect(elementText(xml, 'Size')).toBe('1');
  expect(elementText(xml, 'Key')).toBeUndefined();
});

test('brings back what was escaped', () => {
  const text = `a<b>&"c"'d'`;
  expect(unescapeXml(escapeXml(text))).toBe(text);
  expect(unescapeXml('&lt;&gt;&amp;&quot;&apos;&#x41;&#66;&other;')).toBe(`<>&"'AB&other;`);
});
