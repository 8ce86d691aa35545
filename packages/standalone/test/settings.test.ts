import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { databaseSettings } from '@lazyphotos/database';
import { readKnownSettings } from '@lazyphotos/runtime';
import {
  addressSettings,
  type Environment,
  mediaUrlSettings,
  SettingsError,
  type SettingTable,
} from '@lazyphotos/service-kit';
import { nodeSettings, withDotEnv } from '../src/settings.js';

const settings = { ...nodeSettings, ...databaseSettings, ...mediaUrlSettings, authUrl: addressSettings.auth };
type SettingKey = keyof typeof settings;

const pick = <K extends SettingKey>(keys: readonly K[]) =>
  Object.fromEntries(keys.map((key) => [key, settings[key]])) as unknown as Pick<typeof settings, K>;
const readSettings = <K extends SettingKey>(env: Environment, keys: readonly K[]) =>
  readKnownSettings(env, pick(keys) as SettingTable);

const KEY = 'k'.repeat(32);

describe('settings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lazyphotos-settings-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const problems = (work: () => unknown): readonly string[] => {
    try {
      work();
    } catch (error) {
      if (error instanceof SettingsError) return error.problems;
      throw error;
    }
    throw new Error('there were no problems');
  };
  const problemsOf = (env: Environment, ...keys: SettingKey[]) => problems(() => readSettings(env, keys));

  test('absent ones have their defaults, given ones are parsed', () => {
    const keys = ['port', 'publicUrl', 'validateAnswers', 'trustedProxies', 'registration'] as const;
    expect(readSettings({}, keys)).toEqual({ port: 8080, validateAnswers: false, registration: 'invite' });
    const env = {
      LAZYPHOTOS_PORT: '0',
      LAZYPHOTOS_PUBLIC_URL: 'https://photos.example.org//',
      LAZYPHOTOS_VALIDATE_ANSWERS: 'true',
      LAZYPHOTOS_TRUSTED_PROXIES: 'loopback, 10.0.0.0/8,::1',
      LAZYPHOTOS_REGISTRATION: 'open',
    };
    expect(readSettings(env, keys)).toEqual({
      port: 0,
      publicUrl: 'https://photos.example.org',
      validateAnswers: true,
      trustedProxies: ['loopback', '10.0.0.0/8', '::1'],
      registration: 'open',
    });
  });

  test('an empty variable counts as absent', () => {
    expect(readSettings({ LAZYPHOTOS_PORT: '' }, ['port'])).toEqual({ port: 8080 });
    expect(problemsOf({ LAZYPHOTOS_DATABASE_URL: '' }, 'databaseUrl')).toHaveLength(1);
  });

  test.each<[SettingKey, string]>([
    ['port', '80a'],
    ['port', '65536'],
    ['port', '-1'],
    ['port', ' 80'],
    ['chunkBytes', '1'],
    ['validateAnswers', 'yes'],
    ['registration', 'everybody'],
    ['publicUrl', 'photos.example.org'],
    ['publicUrl', 'ftp://photos.example.org'],
    ['databaseUrl', 'mysql://db/photos'],
    ['mediaSigningKey', 'too short'],
    ['trustedProxies', 'loopback,everybody'],
  ])('a malformed %s is named: %j', (key, value) => {
    const { name } = settings[key];
    const [problem, ...others] = problemsOf({ [name]: value }, key);
    expect(others).toEqual([]);
    expect(problem).toMatch(new RegExp(`^${name} is malformed: .{10,}`));
  });

  test('a secret is not shown when it is malformed', () => {
    const env = {
      LAZYPHOTOS_MEDIA_SIGNING_KEY: 'hunter2',
      LAZYPHOTOS_DATABASE_URL: 'mysql://me:hunter2@db/x',
    };
    expect(problemsOf(env, 'mediaSigningKey', 'databaseUrl').join()).not.toContain('hunter2');
  });

  test('all problems are reported together, one line each', () => {
    const env = {
      LAZYPHOTOS_PORT: 'x',
      LAZYPHOTOS_PROT: '80',
      LAZYPHOTOS_MEDIA_SIGNING_KEY_FILE: join(folder, 'nowhere'),
      PATH: '/bin',
    };
    const found = problemsOf(env, 'port', 'databaseUrl', 'mediaSigningKey', 'authUrl');
    expect(found.map((line) => line.split(/[ :]/)[0]).sort()).toEqual([
      'LAZYPHOTOS_AUTH_URL',
      'LAZYPHOTOS_DATABASE_URL',
      'LAZYPHOTOS_MEDIA_SIGNING_KEY_FILE',
      'LAZYPHOTOS_PORT',
      'LAZYPHOTOS_PROT',
    ]);
    for (const line of found) expect(line).not.toContain('\n');
  });

  test('a known setting that this entry point does not read is fine, and so are those of tests and the command line', () => {
    const env = {
      LAZYPHOTOS_REGISTRATION: 'open',
      LAZYPHOTOS_TEST_POSTGRES_URL: 'x',
      LAZYPHOTOS_SERVER: 'x',
      MEDIA_BASE_URL: 'https://cdn.example.org',
    };
    expect(readSettings(env, ['port'])).toEqual({ port: 8080 });
  });

  test('a secret may come from a file; the variable itself wins; other settings may not', () => {
    const path = file('key', `${KEY}\n`);
    expect(readSettings({ LAZYPHOTOS_MEDIA_SIGNING_KEY_FILE: path }, ['mediaSigningKey'])).toEqual({
      mediaSigningKey: KEY,
    });
    const both = { LAZYPHOTOS_MEDIA_SIGNING_KEY_FILE: path, LAZYPHOTOS_MEDIA_SIGNING_KEY: 'j'.repeat(40) };
    expect(readSettings(both, ['mediaSigningKey'])).toEqual({ mediaSigningKey: 'j'.repeat(40) });
    expect(problemsOf({ LAZYPHOTOS_PORT_FILE: path }, 'port')).toEqual([
      'LAZYPHOTOS_PORT_FILE is not a known setting',
    ]);
  });

  describe('in a .env file', () => {
    test('are added to the environment, which wins; an empty variable does not', () => {
      const path = file(
        '.env',
        'LAZYPHOTOS_PORT=81\nLAZYPHOTOS_HOST="::1"\n# a comment\nLAZYPHOTOS_LOG_LEVEL=warn\n',
      );
      const env = withDotEnv({ LAZYPHOTOS_HOST: 'localhost', LAZYPHOTOS_LOG_LEVEL: '', HOME: '/root' }, path);
      expect(env.HOME).toBe('/root');
      expect(readSettings(env, ['port', 'host', 'logLevel'])).toEqual({
        port: 81,
        host: 'localhost',
        logLevel: 'warn',
      });
    });

    test('a missing file is accepted, one that cannot be read is a problem', () => {
      const env = { HOME: '/root' };
      expect(withDotEnv(env, join(folder, 'nowhere'))).toBe(env);
      expect(problems(() => withDotEnv(env, folder))).toEqual([expect.stringContaining(folder)]);
    });

    test('are ignored in a file that scripts/setup wrote for the containers', () => {
      const path = file('.env.compose', 'COMPOSE_FILE=docker-compose.arm64.yml\nPOSTGRES_PASSWORD=x\n');
      const env = { HOME: '/root' };
      expect(withDotEnv(env, path)).toBe(env);
    });

    test('an unknown one stops the start and is named with its file', () => {
      const path = file('.env.wrong', 'LAZYPHOTOS_PROT=81\nSOMETHING=else\n');
      expect(problems(() => withDotEnv({}, path))).toEqual([
        `LAZYPHOTOS_PROT in ${path} is not a known setting`,
        `SOMETHING in ${path} is not a known setting`,
      ]);
    });
  });
});
