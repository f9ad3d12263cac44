/** Whether a key matches a pattern in which `*` stands for anything. Takes linear time for any pattern. */
export function matchesPattern(pattern: string, key: string): boolean {
  const [start = '', ...rest] = pattern.split('*');
  const end = rest.pop();
  if (end === undefined) return key === pattern;
  if (!key.startsWith(start) || key.length < start.length + end.length) return false;
  let from = start.length;
  for (const part of rest) {
    const found = key.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return from <= key.length - end.length && key.endsWith(end);
}

/**
 * The name that says most about a key: the key itself, else the matching pattern with the most
 * characters besides its stars, the first of them when several have.
 */
export function bestPattern(patterns: readonly string[], key: string): string | undefined {
  if (patterns.includes(key)) return key;
  let best: string | undefined;
  for (const pattern of patterns) {
    if (matchesPattern(pattern, key) && (best === undefined || literal(pattern) > literal(best))) {
      best = pattern;
    }
  }
  return best;
}

function literal(pattern: string): number {
  return pattern.replaceAll('*', '').length;
}
