import { randomUUID } from 'node:crypto';
import type { AnyEvent, Topology } from '@lazyphotos/contracts';
import type { PgBoss } from 'pg-boss';

/*
 * Statements on pg-boss's table of jobs, for many queues at once where pg-boss has one for each queue. The columns are those of the
 * exact version of pg-boss in package.json.
 */

/**
 * Does what `boss.insert` does, and for an active job what `boss.fetch` does as well. A queue that does not exist makes it fail.
 */
const INSERT = `INSERT INTO pgboss.job (id, name, data, state, started_on, heartbeat_on, start_after, created_on, keep_until,
    expire_seconds, deletion_seconds, retry_limit, retry_delay, retry_backoff, retry_delay_max, policy, dead_letter, heartbeat_seconds)
  SELECT job.id, job.queue, job.data, (CASE WHEN job.active THEN 'active' ELSE 'created' END)::pgboss.job_state,
    CASE WHEN job.active THEN pgboss.job_now() END, CASE WHEN job.active THEN pgboss.job_now() END,
    pgboss.job_now(), pgboss.job_now(), pgboss.job_now() + q.retention_seconds * interval '1s', q.expire_seconds, q.deletion_seconds,
    q.retry_limit, q.retry_delay, q.retry_backoff, q.retry_delay_max, q.policy, q.dead_letter, q.heartbeat_seconds
  FROM jsonb_to_recordset($1::jsonb) AS job (id uuid, queue text, data jsonb, active boolean)
    LEFT JOIN pgboss.queue AS q ON q.name = job.queue`;

/** Announces each queue once to the workers of every process; the channel is pg-boss's. */
const INSERT_AND_NOTIFY = `WITH inserted AS (${INSERT} RETURNING name)
  SELECT pg_notify('pgboss_' || left(encode(sha224('pgboss'::bytea), 'hex'), 24), name)
  FROM (SELECT DISTINCT name FROM inserted) AS queues`;

/** Jobs that were taken, and not taken again since. $1: queues, $2: ids, $3: `id:attempt` of each, as in pg-boss's own statements. */
const TAKEN = `name = ANY($1::text[]) AND id = ANY($2::uuid[]) AND state = 'active'
    AND (id::text || ':' || retry_count::text) = ANY($3::text[])`;

/** A done job is of no use: it is deleted at once, not an hour later as one that pg-boss completes. */
const DELETE_DONE = `DELETE FROM pgboss.job WHERE ${TAKEN}`;

const TOUCH = `UPDATE pgboss.job SET heartbeat_on = pgboss.job_now() WHERE ${TAKEN} RETURNING id`;

/** As if they had never been taken: this attempt does not count. */
const GIVE_BACK = `UPDATE pgboss.job SET state = 'created', started_on = NULL, heartbeat_on = NULL WHERE ${TAKEN}`;

/**
 * The same, and not before that many seconds ($4) have passed. With a new id, because the attempt does not change: what the process that
 * had taken the job, or pg-boss in its name, still says about it must not end the job when another process has it.
 */
const POSTPONE = `UPDATE pgboss.job SET id = gen_random_uuid(), state = 'created', started_on = NULL, heartbeat_on = NULL,
    start_after = pgboss.job_now() + $4::float8 * interval '1s' WHERE ${TAKEN}`;

const DUE = `SELECT DISTINCT name FROM pgboss.job
  WHERE name = ANY($1::text[]) AND state < 'active' AND NOT blocked AND start_after <= pgboss.job_now()`;

export interface NewJob {
  id: string;
  queue: string;
  data: AnyEvent;
}

/** A job that this process has taken. */
export interface TakenJob {
  id: string;
  queue: string;
  /** How often it has failed before. */
  retryCount: number;
}

/** Returns a job for each queue that delivers an event. */
export const jobsOf = (events: readonly AnyEvent[], topology: Topology): NewJob[] =>
  Object.entries(topology).flatMap(([queue, types]) =>
    events.filter(({ type }) => types.includes(type)).map((data) => ({ id: randomUUID(), queue, data })),
  );

/** Returns the jobs of one fetch oldest first, as the server does not. Those that were stored together come in any order. */
export const oldestFirst = <J extends { createdOn: Date }>(jobs: readonly J[]): J[] =>
  jobs.toSorted((one, other) => one.createdOn.getTime() - other.createdOn.getTime());

/** Stores jobs, and announces them to the workers of all processes. */
export async function announceJobs(boss: PgBoss, jobs: readonly NewJob[]): Promise<void> {
  await boss.getDb().executeSql(INSERT_AND_NOTIFY, [JSON.stringify(jobs)]);
}

/** Stores jobs. `taken`: the ids of those that this process handles as soon as they are stored. */
export async function insertJobs(
  boss: PgBoss,
  jobs: readonly NewJob[],
  taken: ReadonlySet<string>,
): Promise<void> {
  const rows = jobs.map((job) => ({ ...job, active: taken.has(job.id) }));
  await boss.getDb().executeSql(INSERT, [JSON.stringify(rows)]);
}

export async function deleteDoneJobs(boss: PgBoss, jobs: readonly TakenJob[]): Promise<void> {
  await boss.getDb().executeSql(DELETE_DONE, parametersOf(jobs));
}

export async function giveBackJobs(boss: PgBoss, jobs: readonly TakenJob[]): Promise<void> {
  await boss.getDb().executeSql(GIVE_BACK, parametersOf(jobs));
}

export async function postponeJobs(boss: PgBoss, jobs: readonly TakenJob[], seconds: number): Promise<void> {
  await boss.getDb().executeSql(POSTPONE, [...parametersOf(jobs), seconds]);
}

/** Says that the jobs are still being handled. Resolves to the ids of those that are still this process's. */
export async function touchJobs(boss: PgBoss, jobs: readonly TakenJob[]): Promise<Set<string>> {
  const { rows } = await boss.getDb().executeSql(TOUCH, parametersOf(jobs));
  return new Set((rows as { id: string }[]).map(({ id }) => id));
}

/** Resolves to the queues among these that have jobs which are due. */
export async function queuesWithDueJobs(boss: PgBoss, queues: readonly string[]): Promise<string[]> {
  const { rows } = await boss.getDb().executeSql(DUE, [queues]);
  return (rows as { name: string }[]).map(({ name }) => name);
}

const parametersOf = (jobs: readonly TakenJob[]) => [
  [...new Set(jobs.map(({ queue }) => queue))],
  jobs.map(({ id }) => id),
  jobs.map(({ id, retryCount }) => `${id}:${retryCount}`),
];
