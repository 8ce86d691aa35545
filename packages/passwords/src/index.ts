export { createBound } from './bounded.js';
export { argon2Hasher, type PasswordHasher } from './password-hasher.js';
export { createPasswords, type Passwords } from './passwords.js';
