const DAY = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;
const TIME = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/;
const DURATION = /^(\d{1,6}) ?(m|h|d|w)$/;

const MINUTES = { m: 1, h: 60, d: 24 * 60, w: 7 * 24 * 60 } as const;

export const WHEN = '2024, 2024-05, 2024-05-01 or 2024-05-01T14:00';

/** A stretch of time; `end` does not belong to it. */
interface Period {
  start: Date;
  end: Date;
}

/** By the clock of this computer. Months count from 0, and 12 is the January after. */
function localDate(year: number, month: number, day: number): Date {
  const date = new Date(0);
  date.setHours(0, 0, 0, 0);
  // The constructor would take the years 0 to 99 for those of the last century.
  date.setFullYear(year, month, day);
  return date;
}

function periodOfDay(text: string): Period | undefined {
  const [, year, month, day] = DAY.exec(text) ?? [];
  if (year === undefined || Number(year) === 0) return undefined;
  const [y, m, d] = [Number(year), Number(month ?? 1) - 1, Number(day ?? 1)];
  const start = localDate(y, m, d);
  if (start.getMonth() !== m || start.getDate() !== d) return undefined;
  if (month === undefined) return { start, end: localDate(y + 1, 0, 1) };
  return { start, end: day === undefined ? localDate(y, m + 1, 1) : localDate(y, m, d + 1) };
}

/**
 * The period that a text names: a year, a month, a day or an instant (RFC 3339). Without an offset the clock of this computer
 * counts. Undefined when the text is none of these.
 */
export function periodOf(text: string): Period | undefined {
  const day = TIME.exec(text)?.[1];
  if (day === undefined) return periodOfDay(text);
  const instant = new Date(text);
  if (periodOfDay(day) === undefined || Number.isNaN(instant.getTime())) return undefined;
  return { start: instant, end: instant };
}

/** When something ends that lasts for a time (`30m`, `12h`, `7d`, `2w`) or until the end of a day or an instant. Undefined: neither. */
export function endOf(text: string, now: Date): Date | undefined {
  const [, amount, unit] = DURATION.exec(text) ?? [];
  if (amount === undefined) return periodOf(text)?.end;
  return new Date(now.getTime() + Number(amount) * MINUTES[unit as keyof typeof MINUTES] * 60_000);
}
