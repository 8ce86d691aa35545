import type { StoreUser } from './policies.js';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface StoreAddress {
  /** `http(s)://host[:port]`; Amazon's if not given. */
  endpoint?: string | undefined;
  region: string;
  bucket: string;
  /** Whether the bucket stands in the path of URLs, and not in the host name. */
  pathStyle: boolean;
  admin: Credentials;
}

/** The services' users to be made; where one is absent, none is. */
export type ServiceUsers = Partial<Record<StoreUser, Credentials>>;
