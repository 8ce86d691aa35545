/**
 * The three groups of tests, by the beginnings of their files' paths. A file is in the first group that names it, and in `services`
 * without one. packages/standalone/test/test-groups.test.ts keeps this list true.
 */

/** No server, and quick: all of them within a minute. */
const UNIT = [
  'packages/cli/test/library-units.test.ts',
  'packages/cli/test/photo-type.test.ts',
  'packages/cli/test/units.test.ts',
  'packages/cli/test/walk.test.ts',
  'packages/contracts/',
  'packages/database/test/errors.test.ts',
  'packages/embedded-postgres/test/parts.test.ts',
  'packages/import-engine/',
  'packages/messaging/test/postponements.test.ts',
  'packages/messaging/test/retry-delays.test.ts',
  'packages/object-storage/test/disk-room.test.ts',
  'packages/object-storage/test/filesystem-faults.test.ts',
  'packages/object-storage/test/local-copy.test.ts',
  'packages/object-storage/test/open.test.ts',
  'packages/passwords/',
  'packages/photo-type/',
  'packages/places/',
  'packages/provision/test/postgres/plan.test.ts',
  'packages/provision/test/storage/other-stores.test.ts',
  'packages/runtime/test/bus-observer.test.ts',
  'packages/service-kit/',
  'packages/standalone/test/benchmarks.test.ts',
  'packages/system/',
  'packages/testkit/test/docker.test.ts',
  'packages/testkit/test/fault-proxy.test.ts',
  'packages/testkit/test/helpers.test.ts',
  'packages/testkit/test/tools.test.ts',
  'services/auth/test/secret-files.test.ts',
  'services/catalog/test/batches.test.ts',
  'services/catalog/test/metadata-merge.test.ts',
  'services/catalog/test/search/words.test.ts',
  'services/gateway/test/client-key.test.ts',
  'services/gateway/test/fair-slots.test.ts',
  'services/gateway/test/page-kit.test.ts',
  'services/media-worker/test/pipeline/facts.test.ts',
  'services/media-worker/test/pipeline/to-metadata.test.ts',
  'services/media-worker/test/pipeline/written-date.test.ts',
  'services/upload/test/zip/hostile.test.ts',
  'services/upload/test/zip/names.test.ts',
  'services/upload/test/zip/reading.test.ts',
];

/** The node, its commands and its deployment as a whole. */
const SYSTEM = ['deploy/', 'packages/cli/', 'packages/client/', 'packages/standalone/'];

/** Needs no server, but is too slow for `unit`: whole pictures are decoded, large files written, processes killed. */
export const SLOW = [
  'packages/embedded-postgres/', // it is the server
  'packages/object-storage/test/filesystem',
  'packages/object-storage/test/s3-answers.test.ts',
  'packages/runtime/test/container.test.ts',
  'packages/testkit/test/availability.test.ts',
  'services/gateway/test/replicas.test.ts',
  'services/media-worker/test/pipeline/',
  'services/upload/test/zip/files.test.ts',
];

export const GROUPS = { unit: UNIT, services: [], system: SYSTEM };

/** The group of a test file, whose path is relative to the root. */
export function groupOf(path) {
  const isIn = (list) => list.some((beginning) => path.startsWith(beginning));
  if (isIn(UNIT)) return 'unit';
  return isIn(SYSTEM) ? 'system' : 'services';
}
