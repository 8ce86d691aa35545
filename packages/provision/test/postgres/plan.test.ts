import { describe, expect, test } from '@jest/globals';
import type { ServiceDatabase } from '../../src/index.js';
import { planDatabases } from '../../src/postgres/plan.js';
import { scramVerifier } from '../../src/postgres/roles.js';

const ADMIN = 'postgresql://admin:secret@db/postgres';
const feed = (url: string): ServiceDatabase => ({ service: 'feed', url, migrationsPath: 'feed' });
const worker = (url: string): ServiceDatabase => ({ service: 'media-worker', url, migrationsPath: 'worker' });

describe('the plan', () => {
  test("is derived from the services' URLs", () => {
    expect(planDatabases(ADMIN, [feed('postgresql://r%20f:p%2Fw@db:5432/f%20d?sslmode=require')])).toEqual([
      {
        service: 'feed',
        role: 'r f',
        password: 'p/w',
        database: 'f d',
        owner: 'f d_owner',
        migrationsPath: 'feed',
      },
    ]);
  });

  test.each([
    ['no password', 'postgresql://feed@db/feed', 'must name a role, its password and a database'],
    ['no database', 'postgresql://feed:word@db', 'must name a role, its password and a database'],
    [
      "the server's own database",
      'postgresql://feed:word@db/template1',
      "must not name one of the server's own",
    ],
    ['a name that the driver does not read', 'postgresql://feed:word@db/a%2Fb', 'a database without any of'],
    ['a stray %', 'postgresql://feed:50%word@db/feed', 'a % in a name or password is written %25'],
    ['a role that would be cut', `postgresql://${'r'.repeat(64)}:word@db/feed`, 'a role of at most 63 bytes'],
    ['an owner that would be cut', `postgresql://feed:word@db/${'d'.repeat(58)}`, 'a database of at most 57'],
    ['a password beyond ASCII', 'postgresql://feed:w%C3%B6rd@db/feed', 'printable ASCII'],
    [
      "the administrator's role",
      'postgresql://admin:word@db/feed',
      'LAZYPHOTOS_ADMIN_DATABASE_URL must differ',
    ],
  ])('refuses %s', (_title, url, problem) => {
    let error: { code?: string; problems?: string[] } = {};
    try {
      planDatabases(ADMIN, [feed(url)]);
    } catch (thrown) {
      error = thrown as typeof error;
    }
    expect(error.code).toBe('invalid_settings');
    expect(error.problems).toEqual([expect.stringContaining(problem)]);
    expect(error.problems?.[0]).toMatch(/^LAZYPHOTOS_FEED_DATABASE_URL /);
    expect(String(error)).not.toContain('word@');
  });

  test.each([
    ['role', 'postgresql://one:a@db/first', 'postgresql://one:b@db/second'],
    ['database', 'postgresql://one:a@db/first', 'postgresql://two:b@db/first'],
    ["role and another's owner", 'postgresql://one:a@db/first', 'postgresql://first_owner:b@db/second'],
  ])('gives no two services one %s', (_title, first, second) => {
    expect(() => planDatabases(ADMIN, [feed(first), worker(second)])).toThrow(
      'LAZYPHOTOS_MEDIA_WORKER_DATABASE_URL and LAZYPHOTOS_FEED_DATABASE_URL must differ',
    );
  });
});

test('a verifier is the one of the example in RFC 7677', () => {
  expect(scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'))).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  );
  expect(scramVerifier('pencil')).not.toBe(scramVerifier('pencil'));
});
