const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Control characters, and those that turn the direction of text around. */
const DANGEROUS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Makes text from a store safe to show: what could steer a terminal or break a line is written as an escape. */
export function printable(text: string): string {
  return text.replace(
    DANGEROUS,
    (character) =>
      ESCAPES[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}}`,
  );
}
