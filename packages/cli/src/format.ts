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

/** Year, month, day, hour and minute as a clock showed them that many minutes east of UTC. */
export const formatTime = (time: string, offsetMinutes = 0): string =>
  new Date(Date.parse(time) + offsetMinutes * 60_000).toISOString().slice(0, 16).replace('T', ' ');

/** The same, by the clock of this computer. */
export const formatLocalTime = (time: string): string =>
  formatTime(time, -new Date(time).getTimezoneOffset());

/** A column is not made wider than this by one long name. */
const MAX_PADDED = 40;

/** Rows of a table, each as one line; columns are padded to the same width. */
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
