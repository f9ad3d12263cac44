const CREDENTIALS = /([a-z][\w+.-]*:\/\/)[^\s/?#@'"]+@/gi;
const QUERY = /([a-z][\w+.-]*:\/\/[^\s?#'"<>]*)\?[^\s#'"<>]*/gi;

/** Takes credentials and queries, where signatures are, out of the URLs in a text. */
export function redactText(text: string): string {
  if (!text.includes('://')) return text;
  return text.replace(CREDENTIALS, '$1…@').replace(QUERY, '$1?…');
}
