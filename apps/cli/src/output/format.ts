const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Writes a number of bytes for people: `512 B`, `1.2 MB`. Units of 1,000. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** Writes how fast bytes went. */
export function formatRate(bytes: number, ms: number): string {
  return `${formatBytes(ms <= 0 ? 0 : (bytes * 1000) / ms)}/s`;
}

/** Writes a span for people: `840 ms`, `4.2 s`, `3:05 min`, `2:03:05 h`. */
export function formatSpan(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  return formatClock(ms);
}

function formatClock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)} min`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)} h`;
}

/** Writes a date to the second, in UTC. */
export function formatDate(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** Writes a count with separators and its noun: `1,204 objects`. */
export function formatCount(count: number, noun: string): string {
  const plural = /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${count.toLocaleString('en-US')} ${count === 1 ? noun : plural}`;
}
