"""
Gives the generated requests something to work on: ids of real things, real secrets, bytes that fit an upload session. Without
it nearly every request would end in 404 or 401.

Only part of the requests is changed, the others stay as they were generated. What is put in always is valid, so that no check
is misled, and only takes the place of a value that is valid itself.
"""

import base64
import hashlib
import io
import itertools
import json
import os
import re
import uuid
import zipfile
from collections import defaultdict
from urllib.parse import parse_qs, quote, urlsplit

import requests
import schemathesis

URL = os.environ["FUZZ_URL"]
EMAIL = os.environ["FUZZ_EMAIL"]
SPARE_EMAIL = os.environ["FUZZ_SPARE_EMAIL"]
PASSWORD = os.environ["FUZZ_PASSWORD"]
with open(os.environ["FUZZ_PICTURE"], "rb") as file:
    PICTURE = file.read()

numbers = itertools.count()
http = requests.Session()


def call(method, path, token=None, **options):
    """Returns the response. A request of our own has to succeed: the checks do not see it."""
    headers = options.pop("headers", {})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    response = http.request(method, URL + path, headers=headers, timeout=60, **options)
    response.raise_for_status()
    return response


def sign_in(email):
    return call("POST", "/auth/login", json={"email": email, "password": PASSWORD}).json()


# Access tokens last for longer than a run does.
TOKEN = sign_in(EMAIL)["accessToken"]


def ask(method, path, **options):
    response = call(method, path, TOKEN, **options)
    return response.json() if response.content else None


def new_picture():
    """Returns a picture that no other one is equal to: a comment at its end makes it so."""
    return PICTURE + f"{next(numbers)}".encode()


def new_zip():
    """Returns a ZIP with one picture."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("Holiday/picture.jpg", new_picture())
    return content.getvalue()


class Upload:
    """An upload session of a file that no other one is equal to."""

    def __init__(self, content=None, mime_type="image/jpeg", name="picture.jpg"):
        self.content = content or new_picture()
        self.hash = hashlib.sha256(self.content).hexdigest()
        announcement = {
            "hash": self.hash,
            "sizeBytes": len(self.content),
            "mimeType": mime_type,
            "fileName": name,
        }
        self.id = ask("POST", "/upload-sessions", json=announcement)["uploadSessionId"]

    @property
    def path(self):
        return f"/upload-sessions/{self.id}"

    @property
    def digest(self):
        return f"sha-256=:{base64.b64encode(hashlib.sha256(self.content).digest()).decode()}:"

    def send(self):
        headers = {"Content-Type": "application/octet-stream"}
        ask("PUT", f"{self.path}/chunks?offset=0", data=self.content, headers=headers)
        return self

    def complete(self):
        return ask("POST", f"{self.path}/complete", json={})["photoId"]

    def abort(self):
        ask("DELETE", self.path)
        return self


def new_photo():
    return Upload().send().complete()


def active_photo():
    """A photo that is not in the trash: no other one gets into an album."""
    photo = photos.any()
    ask("POST", f"/photos/{photo}/restore")
    return photo


def new_album():
    album = ask("POST", "/albums", json={"name": f"Album {next(numbers)}"})["id"]
    ask("POST", f"/albums/{album}/items", json={"photoId": active_photo()})
    return album


def new_link():
    return ask("POST", "/share-links", json={"albumId": albums.any()})


def new_archive():
    upload = Upload(new_zip(), "application/zip", "archive.zip").send()
    return {"id": upload.complete(), "hash": upload.hash}


def new_import(**options):
    """Returns the id of an import of an archive of its own, so that no archive of the pool is in use for long."""
    body = {"source": "folder", "hash": new_archive()["hash"], **options}
    return ask("POST", "/imports", json=body)["importJobId"]


class Pool:
    """Things of one kind that exist. Those that a request has removed are replaced."""

    def __init__(self, make, size):
        self.make = make
        self.items = []
        self.size = size

    def any(self):
        if len(self.items) < self.size:
            self.items.append(self.make())
            return self.items[-1]
        return self.items[next(numbers) % self.size]

    def remove(self, item):
        if item in self.items:
            self.items.remove(item)


photos = Pool(new_photo, 4)
albums = Pool(new_album, 3)
links = Pool(new_link, 3)
archives = Pool(new_archive, 3)
imports = Pool(new_import, 3)


def is_id(value):
    try:
        uuid.UUID(str(value))
        return True
    except ValueError:
        return False


def set_id(case, value, name="id"):
    if is_id((case.path_parameters or {}).get(name)):
        case.path_parameters[name] = value


def real_ids(ids):
    """A list of ids, with a photo that exists at its beginning; None if it is none."""
    if isinstance(ids, list) and ids and all(isinstance(one, str) and is_id(one) for one in ids):
        return [photos.any(), *ids[1:]]
    return None


def for_batch(case):
    body = case.body if isinstance(case.body, dict) else {}
    if ids := real_ids(body.get("ids")):
        set_body(case, ids=ids)
    updates = body.get("updates")
    if isinstance(updates, list) and all(isinstance(one, dict) for one in updates):
        if ids := real_ids([one.get("id") for one in updates]):
            set_body(case, updates=[{**one, "id": photo} for one, photo in zip(updates, ids)])


def set_body(case, **values):
    """Replaces members of a body that has them already."""
    if isinstance(case.body, dict) and all(name in case.body for name in values):
        case.body = {**case.body, **values}


def is_password_change(case):
    return isinstance(case.body, dict) and case.body.get("currentPassword") == PASSWORD


def for_import_parts(case):
    """Puts archives that exist into a body that names archives."""
    set_body(case, hash=archives.any()["hash"])
    hashes = case.body.get("hashes") if isinstance(case.body, dict) else None
    if isinstance(hashes, list) and hashes and all(re.fullmatch("[0-9a-f]{64}", str(one)) for one in hashes):
        set_body(case, hashes=[archives.any()["hash"]])


def for_import(case, operation):
    """Puts the id of an import into a path. Those that a request may end or hold up are made for it."""
    if operation in ("pauseImport", "resumeImport", "cancelImport", "addImportParts"):
        set_id(case, new_import(paused=True))
    else:
        set_id(case, imports.any())


def set_cursor(case):
    """A cursor of the very list that is asked for: it belongs to the order of that list."""
    if not isinstance((case.query or {}).get("cursor"), str):
        return
    del case.query["cursor"]
    values = {name: quote(str(value), safe="") for name, value in (case.path_parameters or {}).items()}
    params = {name: case.query[name] for name in ("sort", "albumId") if name in case.query}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    path = case.operation.path.format(**values)
    response = http.get(URL + path, params={"limit": 1, **params}, headers=headers, timeout=60)
    if response.ok and response.json()["cursor"]:
        case.query["cursor"] = response.json()["cursor"]


def for_chunk(case, turn):
    upload = Upload().send() if turn == 0 else Upload().abort() if turn == 1 else Upload()
    set_id(case, upload.id)
    query = case.query or {}
    if turn > 1 and isinstance(case.body, bytes) and str(query.get("offset", "")).isdigit():
        query["offset"] = 0
        case.body = upload.content
        if "Content-Digest" in (case.headers or {}):
            case.headers["Content-Digest"] = upload.digest


def for_session(case, turn):
    upload = Upload()
    if turn != 0:
        upload.send()
    if turn == 1:
        upload.complete()
    set_id(case, upload.id)


def for_media(case, turn):
    signed = urlsplit(ask("GET", f"/photos/{photos.any()}/download")["url"])
    if not is_id((case.path_parameters or {}).get("photoId")):
        return
    _, _, user, photo, variant = signed.path.split("/")
    case.path_parameters.update({"userId": user, "photoId": photo, "variant": variant})
    case.query.update({name: values[0] for name, values in parse_qs(signed.query).items()})
    ranges = {0: "bytes=0-9", 1: "bytes=999999999-"}
    if turn in ranges:
        case.headers["Range"] = ranges[turn]
    if turn == 2:
        case.headers["If-None-Match"] = http.head(signed.geturl(), timeout=60).headers["ETag"]


def is_token(value):
    return re.fullmatch(r"[\w-]{43}", str(value), re.ASCII) is not None


def set_link(case):
    """Puts the token of a link into a path that has one already. Returns the token."""
    if not is_token((case.path_parameters or {}).get("token")):
        return None
    case.path_parameters["token"] = links.any()["token"]
    return case.path_parameters["token"]


def for_share_media(case, turn):
    token = set_link(case)
    content = http.get(f"{URL}/share-links/{token}/content", timeout=60)
    photo = next(iter(content.json().get("photos", [])), None)
    if not token or not photo or "originalUrl" not in photo:
        return
    case.path_parameters["handle"] = photo["originalUrl"].rsplit("/", 1)[1]
    ranges = {0: "bytes=0-9", 1: "bytes=999999999-"}
    if turn in ranges:
        case.headers["Range"] = ranges[turn]


def for_trash():
    """Leaves only one photo in the trash, so that those of the pool stay."""
    ask("POST", "/photos/restore/batch", json={"ids": [photos.any(), *photos.items]})
    ask("DELETE", f"/photos/{new_photo()}")


def id_of(operation):
    return operation.definition.raw["operationId"]


# Valid and invalid requests of each operation are counted on their own, so that each of its four turns comes up.
turns = defaultdict(itertools.count)


def turn_of(case, operation):
    return next(turns[operation, case.meta.generation.mode if case.meta else None]) % 4


LISTS = (
    "listPhotos",
    "listTags",
    "listAlbums",
    "listAlbumItems",
    "listDevices",
    "listInvites",
    "listShareLinks",
    "getShareContent",
    "getFeed",
    "listImports",
    "listArchives",
)


def prepare(case):
    """Puts real things into most requests of an operation."""
    operation = id_of(case.operation)
    turn = turn_of(case, operation)
    # The document's example has the password of the accounts here: it must stay theirs.
    if operation == "changePassword" and (turn < 2 or is_password_change(case)):
        set_body(case, currentPassword=PASSWORD, newPassword=PASSWORD)
    elif operation == "login" and turn == 0:
        set_body(case, email=EMAIL, password=PASSWORD)
        set_body(case, deviceId=new_device())
    elif operation in ("refresh", "logout") and turn == 0:
        set_body(case, refreshToken=sign_in(SPARE_EMAIL)["refreshToken"])
    elif operation == "removeDevice" and turn:
        set_id(case, new_device())
    elif operation == "removeInvite" and turn:
        set_id(case, ask("POST", "/invites", json={})["id"])
    elif operation == "createUploadSession" and turn:
        set_body(case, mimeType="image/jpeg")
        if turn == 1:
            set_body(case, hash=ask("GET", f"/photos/{photos.any()}")["hash"])
    elif operation == "putChunk":
        for_chunk(case, turn)
    elif operation in ("getUploadSession", "completeUpload", "abortUpload") and turn < 3:
        for_session(case, turn)
    elif operation == "getMedia":
        for_media(case, turn)
    elif operation in ("getPhoto", "downloadPhoto", "editPhoto", "deletePhoto", "restorePhoto") and turn:
        set_id(case, photos.any())
    elif operation in ("editPhotos", "deletePhotos", "restorePhotos") and turn:
        for_batch(case)
    elif operation in ("emptyTrash", "setTrashRetention"):
        for_trash()
    elif "{id}" in case.operation.path and "/albums" in case.operation.path and turn:
        set_id(case, albums.any())
        set_id(case, photos.any(), "photoId")
    elif operation in ("getShareLink", "deleteShareLink") and turn:
        set_id(case, links.any()["id"])
    elif operation == "updateShareLink" and turn:
        # It can get a password or an end; the others must stay open.
        set_id(case, new_link()["id"])
    elif operation in ("getShareContent", "unlockShare", "getShareArchive", "getSharePage", "unlockSharePage") and turn:
        set_link(case)
    elif operation == "getShareMedia" and turn < 3:
        for_share_media(case, turn)
    elif "{id}" in case.operation.path and "/imports" in case.operation.path and turn:
        for_import(case, operation)
    elif operation == "deleteArchive" and turn:
        set_id(case, new_archive()["id"])
    if operation in ("createImport", "addImportParts") and turn:
        for_import_parts(case)
    if operation == "createShareLink" and turn:
        set_body(case, photoId=photos.any())
        set_body(case, albumId=albums.any())
    if operation in ("createAlbum", "updateAlbum") and turn > 1:
        set_body(case, coverPhotoId=photos.any())
    if operation == "addAlbumItems" and turn > 1:
        set_body(case, photoId=photos.any())
    if operation in ("listPhotos", "photoTimeline", "search") and is_id((case.query or {}).get("albumId")) and turn:
        case.query["albumId"] = albums.any()
    if operation in LISTS:
        set_cursor(case)


def new_device():
    return ask("POST", "/devices/register", json={"platform": "cli", "model": "Fuzz", "appVersion": "1"})["deviceId"]


@schemathesis.auth()
class AccessToken:
    def get(self, case, context):
        return TOKEN

    def set(self, case, data, context):
        # These end sessions, so they get a session that nothing else uses.
        is_end = id_of(context.operation) in ("logoutAll", "changePassword")
        token = sign_in(SPARE_EMAIL)["accessToken"] if is_end else data
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}


@schemathesis.hook
def before_call(context, case, kwargs):
    prepare(case)


@schemathesis.hook
def after_call(context, case, response):
    """Forgets what has been removed."""
    operation = id_of(case.operation)
    if operation == "setTrashRetention" and response.status_code == 200:
        ask("PUT", "/trash/retention", json={"days": None})
    if operation == "deletePhotos" and response.status_code == 200 and case.body.get("permanent"):
        for result in response.json()["results"]:
            photos.remove(result["id"])
    if case.method != "DELETE" or response.status_code != 204:
        return
    removed = (case.path_parameters or {}).get("id")
    # A link goes with its album.
    links.items[:] = [link for link in links.items if removed not in (link["id"], link["albumId"])]
    albums.remove(removed)
    if str((case.query or {}).get("permanent")).lower() == "true":
        photos.remove(removed)
