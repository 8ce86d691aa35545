import { z } from 'zod';
import { defineEndpoints } from './endpoint.js';
import { email, id, line, page, pageQuery, storedTimestamp, timestamp } from './primitives.js';

/** NIST SP 800-63B: a password must be long, nothing else. The upper limit keeps hashing cheap. */
export const MIN_PASSWORD_LENGTH = 8;
const newPassword = z
  .string()
  .min(MIN_PASSWORD_LENGTH, `must have at least ${MIN_PASSWORD_LENGTH} characters`)
  .max(256, 'must have at most 256 characters')
  .meta({ description: '8 to 256 characters' });
const password = z.string().min(1).max(256);
const code = z.string().trim().min(1).max(100).meta({ description: 'claim code or invite code' });
const refreshToken = z.string().min(1).max(200);

export const ROLES = ['owner', 'admin', 'member'] as const;
export const role = z.enum(ROLES).meta({ id: 'Role' });
export type Role = z.output<typeof role>;

export const user = z
  .object({ id, email: z.string(), createdAt: timestamp, displayName: z.string().optional(), role })
  .meta({ id: 'User' });
export type User = z.output<typeof user>;

const tokens = z
  .object({
    accessToken: z.string().meta({ description: 'JWT, ES256' }),
    refreshToken: z.string().meta({ description: 'valid once; the response to a refresh has the next one' }),
    expiresIn: z.number().int().meta({ description: 'seconds until the access token ends' }),
  })
  .meta({ id: 'Tokens' });
const signedIn = tokens.and(z.object({ user })).meta({ id: 'SignedIn' });
const refreshTokenRequest = z.object({ refreshToken }).meta({ id: 'RefreshTokenRequest' });

/** The public part of a P-256 key. Loose, because RFC 7517 lets a key have further members. */
const jsonWebKey = z
  .looseObject({
    kty: z.string(),
    kid: z.string(),
    crv: z.string().exactOptional(),
    x: z.string().exactOptional(),
    y: z.string().exactOptional(),
    alg: z.string().exactOptional(),
    use: z.string().exactOptional(),
  })
  .meta({ id: 'JsonWebKey' });

export const PLATFORMS = ['ios', 'android', 'web', 'desktop', 'cli'] as const;

const platform = z.enum(PLATFORMS).meta({ id: 'Platform' });

const deviceFields = {
  platform,
  model: line(200),
  appVersion: line(50),
  name: line(100).optional(),
};

export const device = z
  .object({ id, ...deviceFields, createdAt: timestamp, lastSeenAt: timestamp })
  .meta({ id: 'Device' });

/** A node has one owner, who claims it. So there is no invite for an owner. */
const inviteRole = z.enum(['member', 'admin']).meta({ id: 'InviteRole' });

export const invite = z
  .object({
    id,
    role: inviteRole,
    email: z
      .string()
      .optional()
      .meta({ description: 'the only address that may use it; without it, everyone who has the code may' }),
    expiresAt: timestamp,
    createdAt: timestamp,
    usedAt: timestamp.optional(),
  })
  .meta({ id: 'Invite' });
const createdInvite = invite
  .and(z.object({ code: z.string().meta({ description: 'shown only in this response' }) }))
  .meta({ id: 'CreatedInvite' });
export type Invite = z.output<typeof invite>;

export const authEndpoints = defineEndpoints('auth', {
  serverStatus: {
    method: 'get',
    path: '/servers/status',
    summary: 'Whether this node has an owner',
    auth: 'none',
    whileUnclaimed: true,
    success: {
      status: 200,
      body: z
        .object({ claimed: z.boolean(), serverId: id.optional(), version: z.string() })
        .meta({ id: 'ServerStatus' }),
      description: 'The state of the node',
    },
  },
  claimServer: {
    method: 'post',
    path: '/servers/claim',
    summary: 'Become the owner, with the one-time claim code',
    whileUnclaimed: true,
    body: z.object({ ownerEmail: email, code }).meta({ id: 'ClaimServerRequest' }),
    success: {
      status: 200,
      body: z.object({ serverId: id }).meta({ id: 'ClaimedServer' }),
      description: 'Claimed',
    },
    problems: ['invalid_code', 'owner_mismatch', 'already_claimed'],
  },
  register: {
    method: 'post',
    path: '/auth/register',
    summary: 'Create an account, with the claim code or an invite if the node requires one',
    auth: 'none',
    whileUnclaimed: true,
    body: z
      .object({ email, password: newPassword, displayName: line(100).optional(), code: code.optional() })
      .meta({ id: 'RegisterRequest' }),
    success: { status: 201, body: signedIn, description: 'The account, signed in' },
    problems: ['registration_closed', 'invalid_code', 'email_taken'],
  },
  login: {
    method: 'post',
    path: '/auth/login',
    summary: 'Sign in',
    auth: 'none',
    whileUnclaimed: true,
    body: z.object({ email, password, deviceId: id.optional() }).meta({ id: 'LoginRequest' }),
    success: { status: 200, body: signedIn, description: 'Signed in' },
    problems: ['invalid_credentials', 'not_found'],
  },
  refresh: {
    method: 'post',
    path: '/auth/refresh',
    summary: 'Exchange a refresh token; using an old one again ends the whole session',
    auth: 'none',
    whileUnclaimed: true,
    body: refreshTokenRequest,
    success: { status: 200, body: tokens, description: 'New tokens' },
    problems: ['invalid_refresh_token'],
  },
  logout: {
    method: 'post',
    path: '/auth/logout',
    summary: 'End the session of this refresh token',
    auth: 'none',
    whileUnclaimed: true,
    body: refreshTokenRequest,
    success: { status: 204, description: 'Ended' },
  },
  logoutAll: {
    method: 'post',
    path: '/auth/logout-all',
    summary: 'End every session of this account, on every device',
    success: { status: 204, description: 'Ended' },
  },
  changePassword: {
    method: 'post',
    path: '/auth/password',
    summary: 'Change the password; ends every other session',
    body: z.object({ currentPassword: password, newPassword }).meta({ id: 'ChangePasswordRequest' }),
    success: { status: 204, description: 'Changed' },
    problems: ['invalid_credentials'],
  },
  me: {
    method: 'get',
    path: '/auth/me',
    summary: 'The signed-in account',
    success: { status: 200, body: user, description: 'The account' },
  },
  jwks: {
    method: 'get',
    path: '/.well-known/jwks.json',
    summary: 'The keys that sign access tokens (RFC 7517)',
    auth: 'none',
    whileUnclaimed: true,
    success: {
      status: 200,
      body: z.object({ keys: z.array(jsonWebKey) }).meta({ id: 'JsonWebKeySet' }),
      description: 'The key set',
    },
  },
  registerDevice: {
    method: 'post',
    path: '/devices/register',
    summary: 'Register a device of this account',
    idempotencyKey: true,
    body: z.object(deviceFields).meta({ id: 'RegisterDeviceRequest' }),
    success: {
      status: 200,
      body: z.object({ deviceId: id }).meta({ id: 'RegisteredDevice' }),
      description: 'Registered',
    },
    problems: ['idempotency_key_reused'],
  },
  listDevices: {
    method: 'get',
    path: '/devices',
    summary: "The account's devices, newest first",
    query: pageQuery,
    success: { status: 200, body: page('devices', device, 'DevicePage'), description: 'A page of devices' },
    problems: ['invalid_cursor'],
  },
  removeDevice: {
    method: 'delete',
    path: '/devices/{id}',
    summary: 'Remove a device and end its sessions',
    params: z.object({ id }),
    success: { status: 204, description: 'Removed' },
    problems: ['not_found'],
  },
  createInvite: {
    method: 'post',
    path: '/invites',
    summary: 'Create an invite to register; only the owner may invite an admin',
    body: z
      .object({
        email: email.optional(),
        role: inviteRole.default('member'),
        expiresAt: storedTimestamp.optional().meta({ description: 'RFC 3339; in seven days if absent' }),
      })
      .meta({ id: 'CreateInviteRequest' })
      .prefault({}),
    success: { status: 201, body: createdInvite, description: 'The invite with its code' },
    problems: ['forbidden'],
  },
  listInvites: {
    method: 'get',
    path: '/invites',
    summary: "The node's invites, newest first",
    query: pageQuery,
    success: { status: 200, body: page('invites', invite, 'InvitePage'), description: 'A page of invites' },
    problems: ['forbidden', 'invalid_cursor'],
  },
  removeInvite: {
    method: 'delete',
    path: '/invites/{id}',
    summary: 'Revoke an invite; its code is no longer valid',
    params: z.object({ id }),
    success: { status: 204, description: 'Removed' },
    problems: ['forbidden', 'not_found'],
  },
});
