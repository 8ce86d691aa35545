const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** 1500 -> "1.5 kB" (powers of ten). */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** 75 -> "1 min 15 s". */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes} min ${whole % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** 1, 'photo' -> "1 photo"; 2 -> "2 photos". */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

/** Formats a time to the minute, as a clock shows it at this offset east of UTC. */
export const formatTime = (time: string, offsetMinutes = 0): string =>
  new Date(Date.parse(time) + offsetMinutes * 60_000).toISOString().slice(0, 16).replace('T', ' ');

/** Formats a time to the minute, in the time zone of this computer. */
export const formatLocalTime = (time: string): string =>
  formatTime(time, -new Date(time).getTimezoneOffset());

/** One long name must not make a column wider than this. */
const MAX_PADDED = 40;

/** Returns one line for each row, with columns of the same width. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, Math.min(cell.length, MAX_PADDED));
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Returns the lines with a title, or nothing if there are none. Lines beyond the maximum are only counted. */
export function listed(
  title: string,
  lines: readonly string[],
  max = 50,
  where = '--json lists all',
): string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, max).map((line) => `  ${line}`);
  return [title, ...shown, ...(lines.length > max ? [`  and ${lines.length - max} more (${where})`] : [])];
}

/** Returns a line for each count that is not zero. */
export const countLines = (counts: readonly (readonly [number, string])[]): string[] =>
  counts.filter(([number]) => number > 0).map(([number, what]) => `  ${number} ${what}`);

export const sum = <T>(items: readonly T[], amountOf: (item: T) => number): number =>
  items.reduce((total, item) => total + amountOf(item), 0);

/** Returns an object with these fields only. */
export const pick = <T, K extends keyof T>(value: T, fields: readonly K[]): Pick<T, K> =>
  Object.fromEntries(fields.map((field) => [field, value[field]])) as Pick<T, K>;
