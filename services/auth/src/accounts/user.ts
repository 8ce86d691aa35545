import { ROLES, type Role, type User } from '@lazyphotos/contracts';
import type { UserRow } from '../prisma.js';

/** Returns an account as its owner sees it. */
export const toUser = (row: UserRow): User => ({
  id: row.id,
  email: row.email,
  createdAt: row.createdAt.toISOString(),
  ...(row.displayName === null ? {} : { displayName: row.displayName }),
  role: roleOf(row),
});

export function roleOf(row: { id: string; role: string }): Role {
  const role = ROLES.find((name) => name === row.role);
  if (!role) throw new Error(`the account ${row.id} has no known role`);
  return role;
}
