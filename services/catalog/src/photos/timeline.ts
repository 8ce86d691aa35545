import type { endpoints, QueryOf } from '@lazyphotos/contracts';
import { ProblemError } from '@lazyphotos/service-kit';
import { requireAlbum } from '../albums/record.js';
import { type CatalogDb, Prisma } from '../prisma.js';
import { indexRangesOf } from './selection.js';

type Query = QueryOf<typeof endpoints.photoTimeline>;

const { sql } = Prisma;

/**
 * The first instant of a month (`local.month`, a date without zone) in a zone. PostgreSQL takes the later of two instants where
 * clocks were set back over midnight of the first (Havana, 1 November 2020), so the offset of the day before is tried, too.
 */
const firstInstant = (zone: string) => sql`(
  SELECT CASE WHEN earlier.at AT TIME ZONE ${zone} = local.month THEN LEAST(earlier.at, later.at) ELSE later.at END
  FROM (SELECT local.month AT TIME ZONE ${zone} AS at OFFSET 0) AS later
  CROSS JOIN LATERAL (SELECT later.at - interval '24 hours' AS at OFFSET 0) AS day_before
  CROSS JOIN LATERAL (
    SELECT (local.month - (day_before.at AT TIME ZONE ${zone} - day_before.at AT TIME ZONE 'UTC')) AT TIME ZONE 'UTC' AS at OFFSET 0
  ) AS earlier
)`;

/**
 * The name of a zone for PostgreSQL, which takes a name without a region for an abbreviation if it can: its CET has no summer time.
 */
const zoneName = (zone: string): string =>
  zone.includes('/') ? zone : new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;

/** SQLSTATE invalid_parameter_value: the zone is the only parameter here that PostgreSQL can find invalid. */
const INVALID_PARAMETER = '22023';

/** Node and PostgreSQL have a database of zones each, and Node's knows more names. */
function refuseUnknownZone(error: unknown): never {
  const meta = error instanceof Prisma.PrismaClientKnownRequestError ? error.meta : undefined;
  const adapterError = meta?.driverAdapterError as { cause?: { code?: string } } | undefined;
  if (adapterError?.cause?.code !== INVALID_PARAMETER) throw error;
  const message = 'is not a time zone that the database knows';
  throw new ProblemError('invalid_request', message, {
    members: { errors: [{ path: 'query.zone', message }] },
    cause: error,
  });
}

/**
 * Counts photos by month. It goes from month to month, newest first: finds the newest photo that is left, and counts along the
 * index from there to the first instant of its month in the zone. No photo's time is converted but the newest of each month.
 * `OFFSET 0` keeps PostgreSQL from copying the look-ups into every place that uses their results.
 * @throws ProblemError `not_found` (the album), `invalid_request` (a zone that PostgreSQL does not know)
 */
export async function readTimeline(db: CatalogDb, userId: string, { zone: askedZone, ...filter }: Query) {
  const zone = zoneName(askedZone);
  if (filter.albumId !== undefined) await requireAlbum(db, userId, filter.albumId);
  const { time, ranges } = indexRangesOf({ userId, ...filter });
  const newest = ranges.map(
    (range) => sql`(SELECT ${time} ${range} AND ${time} < months.start ORDER BY ${time} DESC LIMIT 1)`,
  );
  const counts = ranges.map(
    (range) => sql`(SELECT count(*) ${range} AND ${time} >= month.start AND ${time} < months.start)`,
  );
  const counting = db.$queryRaw<{ month: string; count: number }[]>`
    WITH RECURSIVE months AS (
      SELECT NULL::timestamp AS month, 'infinity'::timestamptz AS start, 0::bigint AS count
      UNION ALL
      SELECT local.month, month.start, counted.count
      FROM months
      CROSS JOIN LATERAL (SELECT GREATEST(${Prisma.join(newest)}) AS at) AS newest
      CROSS JOIN LATERAL (
        SELECT date_trunc('month', GREATEST('0001-01-01', LEAST('9999-12-01', newest.at AT TIME ZONE ${zone}))) AS month OFFSET 0
      ) AS local
      CROSS JOIN LATERAL (SELECT LEAST(newest.at, ${firstInstant(zone)}) AS start OFFSET 0) AS month
      CROSS JOIN LATERAL (SELECT ${Prisma.join(counts, ' + ')} AS count OFFSET 0) AS counted
      WHERE newest.at IS NOT NULL
    )
    SELECT to_char(month, 'YYYY-MM') AS month, sum(count)::int AS count FROM months WHERE month IS NOT NULL
    GROUP BY months.month ORDER BY months.month DESC`;
  return { months: await counting.catch(refuseUnknownZone) };
}
