export { createMigration, schemaDrift } from './create.js';
