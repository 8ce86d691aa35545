export { ProvisionError } from './errors.js';
export type { ServiceDatabase } from './postgres/plan.js';
export { type ProvisionPostgresOptions, provisionPostgres } from './postgres/provision.js';
export type { Credentials, ServiceUsers, StoreAddress } from './storage/options.js';
export { type Policy, type StoreUser, servicePolicies, storeUsers } from './storage/policies.js';
export { type ProvisionStorageOptions, provisionStorage } from './storage/provision.js';
