import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BusUnavailableError } from '../../src/index.js';
import { albumEvent, depthOf } from '../conformance/suite.js';
import type { Harness } from './harness.js';
import { createTlsFront, type TlsFront } from './tls-front.js';

export function describeSecurity({ broker, createBus }: Harness): void {
  describe('an amqps:// URL', () => {
    const trusted = getCACertificates('default');
    let front: TlsFront;
    beforeEach(async () => {
      front = await createTlsFront(broker.server.url);
    });
    afterEach(async () => {
      setDefaultCACertificates(trusted);
      await front.close();
    });

    test('is connected to with TLS, if the certificate is trusted', async () => {
      await expect(createBus({ url: front.url })).rejects.toThrow('self-signed certificate');
      setDefaultCACertificates([...trusted, front.cert]);
      const bus = await createBus({ url: front.url });
      await bus.publish([albumEvent()]);
      expect(await depthOf(bus, 'one.albums')).toMatchObject({ pending: 1 });
    });
  });

  describe('the password', () => {
    const SECRET = 'open-sesame';
    const withSecret = (url: string) => {
      const changed = new URL(url);
      changed.password = SECRET;
      return changed.href;
    };
    const failure = async (url: string) => {
      const faults: unknown[] = [];
      const error = await createBus({ url, observer: { fault: (fault) => faults.push(fault) } }).catch(
        (reason: unknown) => reason,
      );
      expect(inspect([error, faults], { depth: 10 })).not.toContain(SECRET);
      return error;
    };

    test('is in no error: not when it is wrong, the broker away, or the URL none', async () => {
      expect(await failure(withSecret(broker.server.url))).toMatchObject({
        name: BusUnavailableError.name,
        message: expect.stringContaining('ACCESS_REFUSED'),
      });
      await broker.cut();
      expect(await failure(withSecret(broker.url()))).toMatchObject({
        name: BusUnavailableError.name,
        message: expect.stringContaining('ECONNREFUSED'),
      });
      expect(await failure(`amqp://guest:${SECRET}@host:no-port`)).toMatchObject({
        message: 'the URL of the bus is not a URL',
      });
    });
  });
}
