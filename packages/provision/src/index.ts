export { type ProvisionBusOptions, provisionBus } from './bus/provision.js';
export { busUserSettings, readBusUserSettings } from './bus/settings.js';
export { ProvisionError } from './errors.js';
export type { ServiceDatabase } from './postgres/plan.js';
export { type ProvisionPostgresOptions, provisionPostgres } from './postgres/provision.js';
export { postgresSettings } from './postgres/settings.js';
export type { Credentials, StoreAddress } from './storage/bucket.js';
export {
  type Policy,
  type ServiceUsers,
  STORE_USERS,
  type StoreUser,
  servicePolicies,
} from './storage/policies.js';
export { type ProvisionStorageOptions, provisionStorage } from './storage/provision.js';
export { storageSettings } from './storage/settings.js';
