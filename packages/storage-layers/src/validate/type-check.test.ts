import { describe, expect, test } from 'vitest';
import { typeCheck } from './type-check.ts';

const encoder = new TextEncoder();
const bytes = (...values: readonly number[]) => Uint8Array.from(values);
const join = (...parts: readonly Uint8Array[]) =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

// Smallest heads of each format, from the tables of https://mimesniff.spec.whatwg.org (read 2026-11-21)
// and the specifications of the formats.
const PNG = join(
  bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13),
  encoder.encode('IHDR'),
  bytes(0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 10),
  encoder.encode('IDAT'),
  new Uint8Array(14),
);
const JPEG = bytes(0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1);
const GIF = join(encoder.encode('GIF89a'), bytes(1, 0, 1, 0, 0, 0, 0));
const EXE = join(encoder.encode('MZ'), bytes(0x90, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0xff, 0xff, 0, 0));
const ELF = join(bytes(0x7f), encoder.encode('ELF'), bytes(2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0));
const PDF = encoder.encode('%PDF-1.7\n%âãÏÓ\n1 0 obj\n<<>>\nendobj\n');
const ZIP = join(bytes(0x50, 0x4b, 5, 6), new Uint8Array(18));
const GZIP = bytes(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const CFB = join(bytes(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1), new Uint8Array(600));
const WASM = bytes(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const NOISE = bytes(7, 3, 1, 0, 2, 9, 4, 4, 200, 13, 0, 1);
const MP4 = join(
  bytes(0, 0, 0, 24),
  encoder.encode('ftypmp42'),
  bytes(0, 0, 0, 0),
  encoder.encode('mp42isom'),
);
const HTML = encoder.encode('\n <!DOCTYPE html><title>x</title><script>alert(1)</script>');
const SVG = encoder.encode(
  '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
);
const SVG_LATER = encoder.encode(
  '\uFEFF<?xml version="1.0"?>\n<!-- drawn -->\n<!DOCTYPE svg PUBLIC "a" "b" [ <!ENTITY x "y"> ]>\n<s:svg xmlns:s="x"/>',
);
const XML = encoder.encode('<?xml version="1.0"?><note/>');
const XHTML = encoder.encode('<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "a" "b"><html></html>');
const text = (content: string) => encoder.encode(content);
const wide = (content: string) =>
  join(bytes(0xff, 0xfe), ...[...content].map((letter) => bytes(letter.charCodeAt(0), 0)));
const wideBig = (content: string) =>
  join(bytes(0xfe, 0xff), ...[...content].map((letter) => bytes(0, letter.charCodeAt(0))));

/** What the check says of content: `undefined` when it lets it in, else what it found. */
async function judged(declared: string | undefined, content: Uint8Array): Promise<unknown> {
  const named = { pattern: '*', rule: { contentTypeByContent: true } };
  const check = typeCheck(named, [named], declared);
  try {
    await check.push(content);
    await check.finish();
    check.stop(undefined);
    return 'in';
  } catch (error) {
    return (error as { cause: { found?: string } }).cause.found ?? 'nothing known';
  }
}

describe('what is declared and what the content shows', () => {
  test.each([
    ['image/png', PNG],
    ['image/apng', PNG],
    ['image/jpeg', JPEG],
    ['image/jpg', JPEG],
    ['image/gif', GIF],
    ['application/pdf', PDF],
    ['application/zip', ZIP],
    ['application/x-zip-compressed', ZIP],
    ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', ZIP],
    ['application/x-my-zip-based-format', ZIP],
    ['application/gzip', GZIP],
    ['application/x-gzip', GZIP],
    ['application/msword', CFB],
    ['application/wasm', WASM],
    ['video/mp4', MP4],
    ['video/quicktime', MP4],
    ['application/x-msdownload', EXE],
    ['application/vnd.microsoft.portable-executable', EXE],
    ['application/octet-stream', EXE],
    ['application/octet-stream', HTML],
    ['application/octet-stream', NOISE],
    ['application/x-my-format', NOISE],
    ['application/x-my-format', text('key = value')],
    ['application/x-my-format', XML],
    ['text/html', HTML],
    ['application/xhtml+xml', HTML],
    ['application/xhtml+xml', XHTML],
    ['text/markdown', text('<h1 align="center">Title</h1>')],
    ['image/svg+xml', SVG],
    ['image/svg+xml', SVG_LATER],
    ['application/xml', SVG],
    ['text/xml', XML],
    ['application/rss+xml', XML],
    ['application/xml', text('<note/>')],
    ['application/xml', text('<!-- a --><note/>')],
    ['text/plain', text('plain words')],
    ['text/plain', text('')],
    ['text/plain', text('BMW and MZ are names')],
    ['text/plain', text('\uFEFFplain words')],
    ['text/plain', wide('wide words')],
    ['text/plain', wideBig('wide words')],
    ['text/plain', bytes(0x63, 0x61, 0x66, 0xe9)],
    ['text/plain', text('WEBVTT\n\n')],
    ['text/vtt', text('WEBVTT\n\n')],
    ['text/csv', text('a,b\n1,2\n')],
    ['application/json', text('{"a":1}')],
    ['application/ld+json', text('{"a":1}')],
    ['text/javascript', text('export {};')],
    ['application/javascript', text('export {};')],
    ['text/calendar', text('BEGIN:VCALENDAR\nEND:VCALENDAR')],
    [undefined, EXE],
  ])('lets %s in', async (declared, content) => {
    expect(await judged(declared, content)).toBe('in');
  });

  test.each([
    ['image/png', HTML, 'text/html'],
    ['image/png', SVG, 'image/svg+xml'],
    ['image/png', EXE, 'application/x-msdownload'],
    ['image/png', ELF, 'application/x-elf'],
    ['image/png', JPEG, 'image/jpeg'],
    ['image/png', PDF, 'application/pdf'],
    ['image/png', text('words'), 'text/plain'],
    ['image/png', text(''), 'text/plain'],
    ['image/png', NOISE, 'nothing known'],
    ['image/png', wide('<!doctype html>'), 'text/html'],
    ['image/png', text('\uFEFF<html>'), 'text/html'],
    ['image/png', text('<!-- a --> words'), 'text/html'],
    ['image/svg+xml', HTML, 'text/html'],
    ['image/svg+xml', XML, 'application/xml'],
    ['image/svg+xml', PNG, 'image/png'],
    ['image/svg+xml', text('words'), 'text/plain'],
    ['text/plain', HTML, 'text/html'],
    ['text/plain', XML, 'application/xml'],
    ['text/plain', SVG, 'image/svg+xml'],
    ['text/plain', PNG, 'image/png'],
    ['text/plain', EXE, 'application/x-msdownload'],
    ['text/plain', NOISE, 'nothing known'],
    ['text/plain', text('{\\rtf1 x}'), 'application/rtf'],
    ['text/csv', HTML, 'text/html'],
    ['application/json', ZIP, 'application/zip'],
    ['application/json', HTML, 'text/html'],
    ['application/pdf', EXE, 'application/x-msdownload'],
    ['application/pdf', text('words'), 'text/plain'],
    ['application/zip', EXE, 'application/x-msdownload'],
    ['image/gif', ZIP, 'application/zip'],
    ['application/x-my-format', EXE, 'application/x-msdownload'],
    ['application/x-my-format', HTML, 'text/html'],
    ['video/mp4', PNG, 'image/png'],
  ])('refuses %s', async (declared, content, found) => {
    expect(await judged(declared, content)).toBe(found);
  });

  test('looks at the start however it comes', async () => {
    const named = { pattern: '*', rule: { contentTypeByContent: true } };
    const check = typeCheck(named, [named], 'image/jpeg');
    for (let from = 0; from < PNG.byteLength; from += 1)
      await check.push(PNG.subarray(from, from + 1));
    await expect(check.push(new Uint8Array(100_000))).rejects.toThrow('looks like "image/png"');
    await check.push(PNG);
    await check.finish();
    const empty = typeCheck(named, [named], 'text/plain');
    await empty.finish();
  });

  test('looks at the start alone, and once', async () => {
    const long = new Uint8Array(200_000);
    long.set(PNG);
    expect(await judged('image/png', long)).toBe('in');
    expect(await judged('image/jpeg', long)).toBe('image/png');
  });
});
