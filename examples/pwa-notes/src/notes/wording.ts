const UNITS = ['kB', 'MB', 'GB', 'TB'] as const;

/** A size that people can read: `1.4 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  let [value, unit] = [bytes / 1000, 0];
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${UNITS[unit] ?? ''}`;
}

/** A number of things: `1 note`, `10,000 notes`. */
export function countText(count: number, one: string): string {
  return `${count.toLocaleString('en-US')} ${one}${count === 1 ? '' : 's'}`;
}

const TIME: Intl.DateTimeFormat = new Intl.DateTimeFormat('en', {
  hour: 'numeric',
  minute: '2-digit',
});
const DAY: Intl.DateTimeFormat = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric' });
const DATE: Intl.DateTimeFormat = new Intl.DateTimeFormat('en', {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
});

/** When something happened, as short as it can be told: the time today, the day this year, else the date. */
export function whenText(date: Date, now: Date): string {
  if (date.toDateString() === now.toDateString()) return TIME.format(date);
  return (date.getFullYear() === now.getFullYear() ? DAY : DATE).format(date);
}
