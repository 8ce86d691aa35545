import { createTestDatabase, startTcpProxy, type TcpProxy, type TestDatabase } from '@lazyphotos/testkit';

export interface TestBroker {
  /** The URL of an empty database, through a proxy. */
  url(): string;
  reset(): Promise<void>;
  cut(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** A PostgreSQL that a test can empty and take away. */
export function createTestBroker(): TestBroker {
  let database: TestDatabase | undefined;
  let proxy: TcpProxy | undefined;
  const drop = async () => {
    await database?.drop();
    database = undefined;
  };
  return {
    url: () => {
      if (!database || !proxy) throw new Error('reset comes first');
      const url = new URL(database.url);
      url.hostname = proxy.host;
      url.port = String(proxy.port);
      return url.href;
    },
    reset: async () => {
      await drop();
      database = await createTestDatabase('messaging');
      proxy ??= await startTcpProxy(database.url);
      await proxy.mend();
    },
    cut: async () => proxy?.cut(),
    mend: async () => proxy?.mend(),
    close: async () => {
      await proxy?.cut();
      await drop();
    },
  };
}
