import type { ServiceName } from '@lazyphotos/contracts';
import { SettingsError } from '@lazyphotos/service-kit';

/** One service's database, as its setting describes it. */
export interface ServiceDatabase {
  service: ServiceName;
  /** The service's own LAZYPHOTOS_DATABASE_URL: role, password and name of its database. */
  url: string;
  migrationsPath: string;
}

export interface DatabasePlan {
  service: ServiceName;
  database: string;
  /** The service logs in as this role. */
  role: string;
  password: string;
  /** Owns the database and everything in it; no program logs in as it. */
  owner: string;
  migrationsPath: string;
}

/** PostgreSQL truncates longer names without an error. */
const LONGEST_NAME = 63;
const OWNER_SUFFIX = '_owner';
const ADMIN_SETTING = 'LAZYPHOTOS_ADMIN_DATABASE_URL';
const BUILT_IN = ['postgres', 'template0', 'template1'];

/** Derives databases, roles and owners from the services' URLs. @throws SettingsError that names every setting that cannot be used */
export function planDatabases(adminUrl: string, services: readonly ServiceDatabase[]): DatabasePlan[] {
  const plans = services.map(({ service, url, migrationsPath }): DatabasePlan => {
    const parts = partsOf(settingOf(service), url);
    return { service, ...parts, owner: `${parts.database}${OWNER_SUFFIX}`, migrationsPath };
  });
  const problems = plans.flatMap((plan) =>
    [...problemsOf(plan)].map((problem) => `${settingOf(plan.service)} ${problem}`),
  );
  problems.push(...collisions(plans, adminUrl));
  if (problems.length > 0) throw new SettingsError(problems);
  return plans;
}

const settingOf = (service: ServiceName): string =>
  `LAZYPHOTOS_${service.toUpperCase().replaceAll('-', '_')}_DATABASE_URL`;

/** @throws SettingsError */
function partsOf(setting: string, url: string) {
  const { username, password, pathname } = new URL(url);
  try {
    return {
      role: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: decodeURIComponent(pathname.slice(1)),
    };
  } catch {
    throw new SettingsError([`${setting} is malformed: a % in a name or password is written %25`]);
  }
}

function* problemsOf({ role, password, database, owner }: DatabasePlan): Generator<string> {
  if (!role || !password || !database) yield 'must name a role, its password and a database';
  if (BUILT_IN.includes(database)) yield "must not name one of the server's own databases";
  // The services' driver does not decode these in a database's name.
  if (/[;/?:@&=+$,#]/.test(database)) yield 'must name a database without any of ; / ? : @ & = + $ , #';
  if (Buffer.byteLength(role) > LONGEST_NAME) yield `must name a role of at most ${LONGEST_NAME} bytes`;
  if (Buffer.byteLength(owner) > LONGEST_NAME) {
    yield `must name a database of at most ${LONGEST_NAME - OWNER_SUFFIX.length} bytes`;
  }
  // SCRAM normalises other characters before it hashes them, which `scramVerifier` does not.
  if (!/^[ -~]*$/.test(password)) yield 'must have a password of printable ASCII characters';
}

function* collisions(plans: readonly DatabasePlan[], adminUrl: string): Generator<string> {
  const admin = partsOf(ADMIN_SETTING, adminUrl);
  const roles = new Map([[admin.role, ADMIN_SETTING]]);
  const databases = new Map([[admin.database, ADMIN_SETTING]]);
  for (const { service, role, owner, database } of plans) {
    const setting = settingOf(service);
    const rival = roles.get(role) ?? roles.get(owner) ?? databases.get(database);
    if (rival) yield `${setting} and ${rival} must differ in role and database`;
    roles.set(role, setting).set(owner, setting);
    databases.set(database, setting);
  }
}
