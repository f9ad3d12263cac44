import type { ContentCheck } from './content-check.ts';
import { checkType, essence } from './declared.ts';
import { type KeyRules, type NamedRule, refused } from './rules.ts';
import { agrees, canonicalType, type Seen } from './type-families.ts';

/** How much of the content is looked at. Enough for the directory of an office document. Units: bytes. */
export const HEAD_BYTES: number = 64 * 1024;

// The bytes that no text has, and the tags that make a browser take content for HTML, from
// https://mimesniff.spec.whatwg.org/#binary-data-byte and #identifying-a-resource-with-an-unknown-mime-type
// (read 2026-11-21).
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const BINARY = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/;
const HTML =
  /^<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)[\s/>]/i;
const SVG = /^<(?:[\w-]+:)?svg[\s/>]/i;
/** What may stand before the root of a document. */
const PROLOG =
  /^(?:\s+|<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!doctype(?! html)[^>[]*(?:\[[^\]]*\]\s*)?>)/i;

/** Checks that the declared media type is the one that the content shows. */
export function typeCheck(
  named: NamedRule,
  rules: KeyRules,
  declared: string | undefined,
): ContentCheck {
  let held: Uint8Array | undefined;
  let length = 0;
  let isJudged = false;

  async function judge(head: Uint8Array): Promise<void> {
    isJudged = true;
    const seen = await lookAt(head);
    const found = seen.found ?? (seen.isText ? 'text/plain' : undefined);
    if (declared === undefined) {
      for (const each of rules) checkType(each, found, found);
      return;
    }
    const { supportedMimeTypes } = await import('file-type');
    const recognizes = (type: string) =>
      [...supportedMimeTypes].some(
        (known) => canonicalType(essence(known)) === canonicalType(type),
      );
    if (agrees(declared, seen, recognizes)) return;
    throw refused(
      named,
      { check: 'contentTypeByContent', ...(found !== undefined && { found }) },
      `it is declared as ${JSON.stringify(declared)} but looks like ${
        found === undefined ? 'something else' : JSON.stringify(found)
      }`,
      { hint: 'Declare the type it has, if that type is allowed.' },
    );
  }

  return {
    async push(chunk) {
      if (isJudged) return;
      if (length === 0 && chunk.byteLength >= HEAD_BYTES) {
        await judge(chunk.subarray(0, HEAD_BYTES));
        return;
      }
      held ??= new Uint8Array(HEAD_BYTES);
      const part = chunk.subarray(0, HEAD_BYTES - length);
      held.set(part, length);
      length += part.byteLength;
      if (length === HEAD_BYTES) await judge(held);
    },
    async finish() {
      if (!isJudged) await judge(held?.subarray(0, length) ?? new Uint8Array(0));
    },
    stop() {},
  };
}

/** What the start of content shows. */
async function lookAt(head: Uint8Array): Promise<Seen> {
  const text = textOf(head);
  const isText = text !== undefined;
  const markup = isText ? markupOf(text) : undefined;
  if (markup !== undefined) return { found: markup, isText };
  const { fileTypeFromBuffer } = await import('file-type');
  // Content made to break its parser shows nothing.
  const seen = await fileTypeFromBuffer(head).catch(() => undefined);
  return { found: essence(seen?.mime), isText };
}

/** The content as text, or nothing when it has bytes that no text has. */
function textOf(head: Uint8Array): string | undefined {
  const [first, second] = head;
  const wide = first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-16le';
  const isWide = wide === 'utf-16be' || (first === 0xff && second === 0xfe);
  const text = new TextDecoder(isWide ? wide : 'utf-8').decode(head);
  return BINARY.test(text) ? undefined : text;
}

function markupOf(text: string): string | undefined {
  let rest = text;
  let isXml = false;
  for (;;) {
    if (HTML.test(rest)) {
      // A comment alone is one to browsers; before the root of a document it says nothing.
      const next = rest.startsWith('<!--') ? rest.replace(PROLOG, '') : rest;
      if (next === rest || !/^\s*<(?:\?|!--|!doctype|[\w-]*:?svg)/i.test(next)) return 'text/html';
      rest = next;
      continue;
    }
    if (SVG.test(rest)) return 'image/svg+xml';
    isXml ||= rest.startsWith('<?xml');
    const next = rest.replace(PROLOG, '');
    if (next === rest) return isXml ? 'application/xml' : undefined;
    rest = next;
  }
}
