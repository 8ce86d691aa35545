#!/usr/bin/env node
/**
 * Writes deploy/k8s/secrets.yaml: every Secret that an overlay names, with new keys and passwords. Once for a cluster: the file is
 * yours to keep safe, and is never written over.
 *
 *   node deploy/k8s/create-secrets.mjs pi
 *   node --env-file=cloud.env deploy/k8s/create-secrets.mjs cloud
 *   node deploy/k8s/create-secrets.mjs add
 *
 * `add` is for an upgrade: it adds to the file what an earlier release did not have, and keeps every password and key of it. Running it
 * again changes nothing.
 *
 * In a cloud, variables say what is there already: ADMIN_DATABASE_URL (who may make roles and databases), ADMIN_BUS_URL and
 * BUS_API_URL (who may make queues and users of RabbitMQ, and its HTTP API), and _ACCESS_KEY_ID
 * and _SECRET_ACCESS_KEY of S3_ADMIN (who may make the bucket), S3_GATEWAY, S3_UPLOAD and S3_MEDIA_WORKER. A second argument
 * puts the file elsewhere. `add` takes BUS_API_URL. Needs nothing but Node 20.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const services = ['gateway', 'auth', 'upload', 'catalog', 'feed', 'media-worker'];
const STORE_USERS = ['gateway', 'upload', 'media-worker'];
const busUsers = ['upload', 'catalog', 'feed', 'media-worker'];
const urlSigners = ['gateway', 'catalog', 'feed'];
const PI_BUS_API_URL = 'http://rabbitmq:15672';

/** No more than the 40 characters that MinIO takes, and none that means something in a URL. */
const password = () => randomBytes(20).toString('hex');

/** What the Pi overlay runs itself: everything is new. */
function insideTheCluster() {
  const postgres = password();
  const rabbitMq = password();
  const admin = { id: 'lazyphotos-admin', secret: password() };
  return {
    adminDatabaseUrl: `postgresql://postgres:${postgres}@postgres:5432/postgres`,
    adminBusUrl: `amqp://lazyphotos:${rabbitMq}@rabbitmq:5672`,
    busApiUrl: PI_BUS_API_URL,
    admin,
    users: Object.fromEntries(STORE_USERS.map((name) => [name, { id: name, secret: password() }])),
    // MinIO makes the services' users from this; elsewhere they are there.
    provisioned: STORE_USERS,
    infrastructure: {
      postgres: { password: postgres },
      rabbitmq: { 'password.conf': `default_pass = ${rabbitMq}` },
      minio: { 'root-user': admin.id, 'root-password': admin.secret },
    },
  };
}

/** What the cloud runs: it says who we are there. */
function outsideTheCluster(env) {
  const missing = [];
  const given = (name) => {
    if (!env[name]) missing.push(name);
    return env[name] ?? '';
  };
  const user = (name) => ({
    id: given(`S3_${name}_ACCESS_KEY_ID`),
    secret: given(`S3_${name}_SECRET_ACCESS_KEY`),
  });
  const answers = {
    adminDatabaseUrl: given('ADMIN_DATABASE_URL'),
    adminBusUrl: given('ADMIN_BUS_URL'),
    busApiUrl: given('BUS_API_URL'),
    admin: user('ADMIN'),
    users: Object.fromEntries(STORE_USERS.map((name) => [name, user(name.replace('-', '_').toUpperCase())])),
    provisioned: [],
    infrastructure: {},
  };
  if (missing.length > 0) fail(`These must be set: ${missing.join(', ')}`);
  return answers;
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

/** A role and a database of the service's own, on the administrator's server. */
function databaseUrl(adminUrl, service) {
  const url = new URL(adminUrl);
  const name = `lazyphotos_${service.replace('-', '_')}`;
  url.username = name;
  url.pathname = `/${name}`;
  url.password = password();
  return url.href;
}

const busUser = (service) => `lazyphotos_${service.replace('-', '_')}`;
const isOfService = (url, service) => new URL(url).username === busUser(service);

/** A user of the service's own, on the administrator's server. */
function busUrl(adminUrl, service) {
  const url = new URL(adminUrl);
  url.username = busUser(service);
  url.password = password();
  return url.href;
}

/** A service's user can make no other users: taken for the administrator, it would lock the services out. */
function refuseServiceAsAdmin(adminUrl) {
  if (busUsers.some((service) => isOfService(adminUrl, service)))
    fail(`The administrator of the bus cannot be ${new URL(adminUrl).username}, the user of a service.`);
}

function createIdentities() {
  const pairs = services.map((name) => [name, generateKeyPairSync('ec', { namedCurve: 'P-256' })]);
  const text = (key, type) => key.export({ type, format: 'der' }).toString('base64');
  return {
    privateKeys: Object.fromEntries(pairs.map(([name, { privateKey }]) => [name, text(privateKey, 'pkcs8')])),
    peerKeys: pairs.map(([name, { publicKey }]) => `${name}=${text(publicKey, 'spki')}`).join(','),
  };
}

/** The Secrets by name, each with its files. */
function secretsOf(
  { adminDatabaseUrl, adminBusUrl, busApiUrl, admin, users, provisioned, infrastructure },
  privateKeys,
) {
  const databases = Object.fromEntries(services.map((name) => [name, databaseUrl(adminDatabaseUrl, name)]));
  const buses = Object.fromEntries(busUsers.map((name) => [name, busUrl(adminBusUrl, name)]));
  const mediaSigningKey = randomBytes(32).toString('hex');
  const keysOf = (prefix, { id, secret }) => ({
    [`${prefix}-access-key-id`]: id,
    [`${prefix}-secret-access-key`]: secret,
  });
  const filesOf = (name) => ({
    'database-url': databases[name],
    'service-key': privateKeys[name],
    ...(busUsers.includes(name) ? { 'bus-url': buses[name] } : {}),
    ...(urlSigners.includes(name) ? { 'media-signing-key': mediaSigningKey } : {}),
    ...(STORE_USERS.includes(name) ? keysOf('s3', users[name]) : {}),
  });
  return {
    ...Object.fromEntries(services.map((name) => [name, filesOf(name)])),
    'provision-postgres': {
      'admin-database-url': adminDatabaseUrl,
      ...Object.fromEntries(services.map((name) => [`${name}-database-url`, databases[name]])),
    },
    'provision-bus': {
      'admin-bus-url': adminBusUrl,
      'bus-api-url': busApiUrl,
      ...Object.fromEntries(busUsers.map((name) => [`${name}-bus-url`, buses[name]])),
    },
    'provision-storage': {
      ...keysOf('s3-admin', admin),
      ...Object.assign({}, ...provisioned.map((name) => keysOf(`s3-${name}`, users[name]))),
    },
    ...infrastructure,
  };
}

const manifest = (kind, name, body) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'lazyphotos' },
  ...body,
});

/**
 * Adds a user of the bus for each service to Secrets in which all services have the administrator's. What is there of `provision-bus`, and
 * a URL that is a service's own, stays.
 */
function addBusUsers(secrets, { BUS_API_URL }) {
  const known = secrets['provision-bus'] ?? {};
  const adminBusUrl = known['admin-bus-url'] ?? secrets.upload['bus-url'];
  refuseServiceAsAdmin(adminBusUrl);
  // Only the Pi overlay has a RabbitMQ of its own.
  const busApiUrl = known['bus-api-url'] ?? BUS_API_URL ?? (secrets.rabbitmq ? PI_BUS_API_URL : undefined);
  if (!busApiUrl) fail('This must be set: BUS_API_URL');
  const added = { 'admin-bus-url': adminBusUrl, 'bus-api-url': busApiUrl };
  for (const service of busUsers) {
    const present = [known[`${service}-bus-url`], secrets[service]['bus-url']];
    const url = present.find((one) => one && isOfService(one, service)) ?? busUrl(adminBusUrl, service);
    secrets[service]['bus-url'] = url;
    added[`${service}-bus-url`] = url;
  }
  secrets['provision-bus'] = added;
}

/** Returns the manifests of a file that this program has written. */
function readManifests(file) {
  try {
    const documents = readFileSync(file, 'utf8')
      .split(/^---$/m)
      .filter((text) => text.trim() !== '');
    return documents.map((text) => JSON.parse(text));
  } catch (error) {
    return fail(
      error instanceof SyntaxError
        ? `${file} is not as this program wrote it: a document in it is not JSON. Nothing was changed.`
        : error.message,
    );
  }
}

// JSON is YAML.
const textOf = (manifests) => manifests.map((one) => `---\n${JSON.stringify(one, null, 2)}\n`).join('');

/** Adds to the file what this release needs. It is replaced as a whole, so that a failure leaves it as it was. */
function add(file) {
  const manifests = readManifests(file);
  const before = textOf(manifests);
  const secrets = Object.fromEntries(
    manifests
      .filter(({ kind }) => kind === 'Secret')
      .map(({ metadata, stringData }) => [metadata.name, stringData]),
  );
  const lacking = busUsers.filter((service) => !secrets[service]?.['bus-url']);
  if (lacking.length > 0) fail(`${file} has no bus-url of ${lacking.join(', ')}. Nothing was changed.`);
  const isNew = !secrets['provision-bus'];
  addBusUsers(secrets, process.env);
  if (isNew) manifests.push(manifest('Secret', 'provision-bus', {}));
  const ofBus = manifests.find(
    ({ kind, metadata }) => kind === 'Secret' && metadata.name === 'provision-bus',
  );
  ofBus.stringData = secrets['provision-bus'];
  const text = textOf(manifests);
  if (text === before) return `${file} has all that this release needs.`;
  const replacement = `${file}.new`;
  rmSync(replacement, { force: true });
  writeFileSync(replacement, text, { flag: 'wx', mode: 0o600, flush: true });
  renameSync(replacement, file);
  return `Added to ${file}: users of the bus for each service. Apply it, and keep a copy in a safe place.`;
}

/** Writes the file for a new cluster. */
function create(overlay, file) {
  const answers = overlay === 'pi' ? insideTheCluster() : outsideTheCluster(process.env);
  refuseServiceAsAdmin(answers.adminBusUrl);
  const { privateKeys, peerKeys } = createIdentities();
  const manifests = [
    manifest('ConfigMap', 'peer-keys', { data: { 'peer-keys': peerKeys } }),
    ...Object.entries(secretsOf(answers, privateKeys)).map(([name, stringData]) =>
      manifest('Secret', name, { stringData }),
    ),
  ];
  try {
    writeFileSync(file, textOf(manifests), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    fail(
      error.code === 'EEXIST'
        ? `${file} is there already. Delete it only if the cluster is gone, too. After an upgrade, \`add\` adds what is new.`
        : error.message,
    );
  }
  return `Wrote ${file}. Keep a copy in a safe place.`;
}

const [mode, file = fileURLToPath(new URL('secrets.yaml', import.meta.url))] = process.argv.slice(2);
if (!['pi', 'cloud', 'add'].includes(mode)) fail('usage: create-secrets.mjs pi|cloud|add [file]');
process.stdout.write(`${mode === 'add' ? add(file) : create(mode, file)}\n`);
