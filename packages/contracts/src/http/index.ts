import * as albums from './albums.js';
import * as auth from './auth.js';
import type { Endpoint } from './endpoint.js';
import { getFeed } from './feed.js';
import * as photos from './photos.js';
import * as shares from './shares.js';
import * as uploads from './uploads.js';

/** Every operation that clients may call, in the order in which the documentation shows them. */
export const endpoints = {
  serverStatus: auth.serverStatus,
  claimServer: auth.claimServer,
  register: auth.register,
  login: auth.login,
  refresh: auth.refresh,
  logout: auth.logout,
  logoutAll: auth.logoutAll,
  changePassword: auth.changePassword,
  me: auth.me,
  jwks: auth.jwks,
  registerDevice: auth.registerDevice,
  listDevices: auth.listDevices,
  removeDevice: auth.removeDevice,
  createInvite: auth.createInvite,
  listInvites: auth.listInvites,
  removeInvite: auth.removeInvite,
  createUploadSession: uploads.createUploadSession,
  getUploadSession: uploads.getUploadSession,
  putChunk: uploads.putChunk,
  completeUpload: uploads.completeUpload,
  abortUpload: uploads.abortUpload,
  listPhotos: photos.listPhotos,
  getPhoto: photos.getPhoto,
  downloadPhoto: photos.downloadPhoto,
  deletePhoto: photos.deletePhoto,
  restorePhoto: photos.restorePhoto,
  createAlbum: albums.createAlbum,
  listAlbums: albums.listAlbums,
  getAlbum: albums.getAlbum,
  updateAlbum: albums.updateAlbum,
  deleteAlbum: albums.deleteAlbum,
  addAlbumItems: albums.addAlbumItems,
  listAlbumItems: albums.listAlbumItems,
  removeAlbumItem: albums.removeAlbumItem,
  createShareLink: shares.createShareLink,
  listShareLinks: shares.listShareLinks,
  getShareLink: shares.getShareLink,
  updateShareLink: shares.updateShareLink,
  deleteShareLink: shares.deleteShareLink,
  getShareContent: shares.getShareContent,
  unlockShare: shares.unlockShare,
  getFeed,
} as const satisfies Record<string, Endpoint>;
