import type { EndpointExamples } from './example.js';
import { sample, samplePassword, sampleTime } from './sample.js';

const email = 'ann@example.org';
const user = { id: sample.userId, email, createdAt: sampleTime, displayName: 'Ann', role: 'owner' } as const;
const deviceFields = {
  platform: 'android',
  model: 'Pixel 9',
  appVersion: '1.4.0',
  name: 'Ann’s phone',
} as const;
const invite = {
  id: sample.inviteId,
  role: 'member',
  email: 'ben@example.org',
  expiresAt: '2026-05-08T12:00:00.000Z',
  createdAt: sampleTime,
} as const;

export const authExamples: EndpointExamples = {
  register: {
    body: { email, password: samplePassword, displayName: 'Ann', code: sample.claimCode },
    response: {
      accessToken: sample.registrationToken,
      refreshToken: sample.registrationRefreshToken,
      expiresIn: 900,
      user: { ...user, role: 'member' },
    },
  },
  claimServer: {
    token: sample.registrationToken,
    body: { ownerEmail: email, code: sample.claimCode },
    response: { serverId: sample.serverId },
  },
  serverStatus: { response: { claimed: true, serverId: sample.serverId, version: '0.1.0' } },
  login: {
    body: { email, password: samplePassword },
    response: {
      accessToken: sample.accessToken,
      refreshToken: sample.refreshToken,
      expiresIn: 900,
      user,
    },
  },
  refresh: {
    body: { refreshToken: sample.refreshToken },
    response: {
      accessToken: sample.nextAccessToken,
      refreshToken: sample.nextRefreshToken,
      expiresIn: 900,
    },
  },
  logout: { body: { refreshToken: sample.registrationRefreshToken } },
  me: { response: user },
  jwks: {
    response: {
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
          y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
          kid: '1',
          alg: 'ES256',
          use: 'sig',
        },
      ],
    },
  },
  registerDevice: {
    headers: { 'Idempotency-Key': 'a-phone-1' },
    body: deviceFields,
    response: { deviceId: sample.deviceId },
  },
  listDevices: {
    query: { limit: 20 },
    response: {
      devices: [{ id: sample.deviceId, ...deviceFields, createdAt: sampleTime, lastSeenAt: sampleTime }],
      cursor: 'eyJpZCI6IjAxOTY4YzlmIn0',
      hasMore: false,
    },
  },
  removeDevice: { params: { id: sample.deviceId } },
  createInvite: {
    body: { email: 'ben@example.org', role: 'member' },
    response: { ...invite, code: sample.inviteCode },
  },
  listInvites: {
    query: { limit: 20 },
    response: { invites: [invite], cursor: 'eyJpZCI6IjAxOTY4YzlmIn0', hasMore: false },
  },
  removeInvite: { params: { id: sample.inviteId } },
  changePassword: {
    body: { currentPassword: samplePassword, newPassword: 'staple of the horse' },
    last: true,
  },
  logoutAll: { last: true },
};
