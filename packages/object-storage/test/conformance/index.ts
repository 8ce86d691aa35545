import { afterAll, beforeAll, describe, test } from '@jest/globals';
import type { ObjectStore } from '../../src/port.js';
import { describeKeys } from './keys.js';
import { describeLateWrites } from './late-writes.js';
import { describeListing } from './listing.js';
import { describeMetadata } from './metadata.js';
import { describeObjects } from './objects.js';
import { describeRanges } from './ranges.js';
import { describeStagedProperties } from './staged-properties.js';
import { describeStagedUploads } from './staged-uploads.js';
import { describeStreaming } from './streaming.js';
import type { Capability, Suite } from './suite.js';
import { describeUploadsUnderWay } from './uploads-under-way.js';
import { describeVersions } from './versions.js';

export type { Capability } from './suite.js';

export interface ConformanceOptions {
  /** Called once. The store may be shared and hold other objects: every test works below a key prefix of its own. */
  create(): Promise<ObjectStore>;
  /** Opens what `create` has opened once more, as another process does. Called once. */
  again(): Promise<ObjectStore>;
  /** Bytes in a part of a staged upload. S3 takes no less than 5 MiB, which is the default; a small one is quicker. */
  partSize?: number;
  /** Random staged uploads to try; each may be six parts big. */
  propertyRuns?: number;
  /** What this adapter cannot do, and why. Its tests are skipped under that reason's name. */
  unsupported?: Partial<Record<Capability, string>>;
}

/** Declares the tests that make an object store. Every adapter's test file calls it. */
export function describeObjectStore(name: string, options: ConformanceOptions): void {
  describe(`${name} is an object store`, () => {
    let store: ObjectStore | undefined;
    let other: ObjectStore | undefined;
    beforeAll(async () => {
      store = await options.create();
      other = await options.again();
    });
    afterAll(async () => {
      await store?.close();
      await other?.close();
    });
    const suite: Suite = {
      partSize: options.partSize ?? 5 * 1024 * 1024,
      propertyRuns: options.propertyRuns ?? 5,
      store() {
        if (store === undefined) throw new Error('the store was not created');
        return store;
      },
      other() {
        if (other === undefined) throw new Error('the store was not opened again');
        return other;
      },
      test(capability, title, run) {
        const reason = options.unsupported?.[capability];
        if (reason === undefined) test(title, run);
        else test.skip(`${title} (${capability} is not supported: ${reason})`, run);
      },
    };
    describeObjects(suite);
    describeRanges(suite);
    describeMetadata(suite);
    describeKeys(suite);
    describeListing(suite);
    describeStreaming(suite);
    describeStagedUploads(suite);
    describeLateWrites(suite);
    describeUploadsUnderWay(suite);
    describeVersions(suite);
    describeStagedProperties(suite);
  });
}
