import * as albums from './albums.js';
import * as auth from './auth.js';
import type { Endpoint } from './endpoint.js';
import { getFeed } from './feed.js';
import * as imports from './imports.js';
import { editPhoto, editPhotos } from './metadata.js';
import * as photos from './photos.js';
import { search } from './search.js';
import * as shares from './shares.js';
import * as trash from './trash.js';
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
  createImport: imports.createImport,
  listImports: imports.listImports,
  getImport: imports.getImport,
  cancelImport: imports.cancelImport,
  pauseImport: imports.pauseImport,
  resumeImport: imports.resumeImport,
  addImportParts: imports.addImportParts,
  getImportReport: imports.getImportReport,
  listArchives: imports.listArchives,
  deleteArchive: imports.deleteArchive,
  listPhotos: photos.listPhotos,
  photoTimeline: photos.photoTimeline,
  getPhoto: photos.getPhoto,
  downloadPhoto: photos.downloadPhoto,
  deletePhoto: photos.deletePhoto,
  restorePhoto: photos.restorePhoto,
  listTags: photos.listTags,
  search,
  editPhoto,
  editPhotos,
  deletePhotos: trash.deletePhotos,
  restorePhotos: trash.restorePhotos,
  getTrash: trash.getTrash,
  emptyTrash: trash.emptyTrash,
  setTrashRetention: trash.setTrashRetention,
  createAlbum: albums.createAlbum,
  listAlbums: albums.listAlbums,
  getAlbum: albums.getAlbum,
  updateAlbum: albums.updateAlbum,
  deleteAlbum: albums.deleteAlbum,
  addAlbumItems: albums.addAlbumItems,
  listAlbumItems: albums.listAlbumItems,
  moveAlbumItem: albums.moveAlbumItem,
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
