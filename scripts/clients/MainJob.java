import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import lazyphotos.client.ApiClient;
import lazyphotos.client.ApiException;
import lazyphotos.client.JSON;
import lazyphotos.client.api.AuthApi;
import lazyphotos.client.api.CatalogApi;
import lazyphotos.client.api.FeedApi;
import lazyphotos.client.api.GatewayApi;
import lazyphotos.client.api.UploadApi;
import lazyphotos.client.model.*;

/**
 * What an app does, with nothing but the generated client: claims the node, signs in, uploads photos by chunks, lists them, makes
 * an album, deletes, and follows the feed over every type of item.
 *
 * <p>Arguments: the node's URL, its claim code, a small JPEG file.
 */
public final class MainJob {
  private static final String EMAIL = "owner@example.org";
  private static final String PASSWORD = "correct horse battery";
  private static final Duration PROCESSING_LIMIT = Duration.ofMinutes(3);
  /** Bytes that are put behind a picture, so that it has two chunks of the smallest size that a node can be set to. */
  private static final int PADDING = 6_000_000;

  private final ApiClient client;
  private final AuthApi auth;
  private final UploadApi uploads;
  private final CatalogApi catalog;
  private final FeedApi feed;

  private MainJob(String url) {
    client = new ApiClient().setBasePath(url);
    auth = new AuthApi(client);
    uploads = new UploadApi(client);
    catalog = new CatalogApi(client);
    feed = new FeedApi(client);
  }

  public static void main(String[] arguments) throws Exception {
    new MainJob(arguments[0]).run(arguments[1], Files.readAllBytes(Path.of(arguments[2])));
  }

  private void run(String claimCode, byte[] picture) throws Exception {
    claim(claimCode);
    signIn();

    byte[] large = Arrays.copyOf(picture, picture.length + PADDING);
    UUID kept = upload(large, "large.jpg", true);
    UUID trashed = upload(with(picture, "trashed"), "trashed.jpg", false);
    UUID purged = upload(with(picture, "purged"), "purged.jpg", false);
    check(announce(large, "again.jpg").getAlreadyExists(), "a photo that is there is not sent again");

    String feedCursor = listUntilReady(List.of(kept, trashed, purged));
    download(kept, large);

    Album album = catalog.createAlbum(new CreateAlbumRequest().name("Holidays"), null, "album-1");
    Album again = catalog.createAlbum(new CreateAlbumRequest().name("Holidays"), null, "album-1");
    check(album.getId().equals(again.getId()), "an Idempotency-Key creates one album");
    catalog.addAlbumItems(album.getId(), new AddAlbumItemsRequest().addPhotoIdsItem(kept), null);
    Album gone = catalog.createAlbum(new CreateAlbumRequest().name("Gone"), null, null);
    catalog.deleteAlbum(gone.getId(), null);
    catalog.deletePhoto(trashed, null, null);
    catalog.deletePhoto(purged, true, null);

    followFeed(null, kept, album.getId(), List.of(trashed, purged, gone.getId()));
    followFeed(feedCursor, null, album.getId(), List.of(trashed, purged, gone.getId()));
    readProblems(trashed);
  }

  private void claim(String code) throws ApiException {
    check(!auth.serverStatus(null).getClaimed(), "the node has no owner");
    check("ok".equals(new GatewayApi(client).getHealth().getStatus().getValue()), "the node is alive");
    RegisterRequest account = new RegisterRequest().email(EMAIL).password(PASSWORD).code(code);
    SignedIn owner = auth.register(account, null);
    client.setBearerToken(owner.getAccessToken());
    auth.claimServer(new ClaimServerRequest().ownerEmail(EMAIL).code(code), null);
    say("claimed the node as " + owner.getUser().getEmail());
  }

  private void signIn() throws ApiException {
    SignedIn signedIn = auth.login(new LoginRequest().email(EMAIL).password(PASSWORD), null);
    check(signedIn.getUser().getRole() == Role.OWNER, "the account owns the node");
    Tokens tokens = auth.refresh(new RefreshTokenRequest().refreshToken(signedIn.getRefreshToken()), null);
    client.setBearerToken(tokens.getAccessToken());
    RegisterDeviceRequest device =
        new RegisterDeviceRequest().platform(Platform.ANDROID).model("Java").appVersion("1");
    auth.registerDevice(device, null, null);
    say("signed in, refreshed the tokens, registered a device");
  }

  private CreatedUploadSession announce(byte[] content, String name) throws Exception {
    return uploads.createUploadSession(
        new CreateUploadSessionRequest()
            .hash(HexFormat.of().formatHex(sha256(content)))
            .sizeBytes((long) content.length)
            .mimeType("image/jpeg")
            .fileName(name),
        null);
  }

  /** Sends what is missing, chunk by chunk; `interrupted` begins with the last chunk, as after a broken connection. */
  private UUID upload(byte[] content, String name, boolean interrupted) throws Exception {
    CreatedUploadSession created = announce(content, name);
    UUID session = created.getUploadSessionId();
    long chunkSize = created.getChunkSize();
    if (interrupted) {
      sendChunk(session, content, (content.length - 1) / chunkSize * chunkSize, chunkSize);
      UploadSession state = uploads.getUploadSession(session, null);
      check(state.getStatus() == UploadStatus.OPEN && state.getReceived().size() == 1, "one chunk has arrived");
    }
    int chunks = interrupted ? 1 : 0;
    for (UploadSession state = uploads.getUploadSession(session, null);
        state.getNextOffset() < content.length;
        state = uploads.getUploadSession(session, null)) {
      sendChunk(session, content, state.getNextOffset(), chunkSize);
      chunks++;
    }
    UUID photo = uploads.completeUpload(session, null, null).getPhotoId();
    say("uploaded " + name + ": " + content.length + " bytes in " + chunks + " chunk(s)");
    return photo;
  }

  private void sendChunk(UUID session, byte[] content, long offset, long chunkSize) throws Exception {
    byte[] chunk = Arrays.copyOfRange(content, (int) offset, (int) Math.min(content.length, offset + chunkSize));
    File file = File.createTempFile("chunk", null);
    try {
      Files.write(file.toPath(), chunk);
      String digest = "sha-256=:" + Base64.getEncoder().encodeToString(sha256(chunk)) + ":";
      uploads.putChunk(session, offset, file, null, digest);
    } finally {
      Files.delete(file.toPath());
    }
  }

  /** Reads the list page by page until every photo has been processed; returns where the feed continues. */
  private String listUntilReady(List<UUID> expected) throws Exception {
    Instant end = Instant.now().plus(PROCESSING_LIMIT);
    for (; ; Thread.sleep(500)) {
      List<Photo> photos = new ArrayList<>();
      PhotoPage page = null;
      do {
        String cursor = page == null ? null : page.getCursor();
        page = catalog.listPhotos(cursor, 2, null, null, null, null, null, null, null);
        photos.addAll(page.getPhotos());
      } while (page.getHasMore());
      check(photos.stream().noneMatch((photo) -> photo.getProcessing() == ProcessingState.FAILED), "no photo failed");
      List<UUID> ready =
          photos.stream()
              .filter((photo) -> photo.getProcessing() == ProcessingState.READY)
              .map(Photo::getId)
              .toList();
      if (ready.containsAll(expected)) {
        check(photos.stream().allMatch((photo) -> photo.getWidth() > 0), "sizes are known");
        say("listed " + photos.size() + " photos in pages of 2, all ready");
        return page.getFeedCursor();
      }
      check(Instant.now().isBefore(end), "photos are processed in time");
    }
  }

  /** Takes a part of the original by its signed URL, and the whole of it, without a token. */
  private void download(UUID photo, byte[] content) throws Exception {
    URI url = catalog.downloadPhoto(photo, MediaVariant.ORIGINAL, null).getUrl();
    HttpResponse<byte[]> part = get(url, "Range", "bytes=100-199");
    check(part.statusCode() == 206, "a range is 206");
    check(Arrays.equals(part.body(), Arrays.copyOfRange(content, 100, 200)), "the range has the right bytes");
    HttpResponse<byte[]> whole = get(url, "Accept", "*/*");
    check(Arrays.equals(whole.body(), content), "the original comes back byte for byte");
    String etag = whole.headers().firstValue("ETag").orElseThrow();
    check(get(url, "If-None-Match", etag).statusCode() == 304, "a copy that is current is 304");
    URI thumb = catalog.getPhoto(photo, null).getThumbnails().getThumb();
    check(get(thumb, "Accept", "image/*").statusCode() == 200, "the preview is there");
    say("downloaded a range, the original and a preview");
  }

  /** Follows the feed to its end, and compares what it said last of each thing with what is expected. */
  private void followFeed(String from, UUID photo, UUID album, List<UUID> deleted) throws Exception {
    Instant end = Instant.now().plus(PROCESSING_LIMIT);
    List<Photo> photos = new ArrayList<>();
    List<FeedAlbum> albums = new ArrayList<>();
    List<Tombstone> tombstones = new ArrayList<>();
    String cursor = from;
    while (!isComplete(photo, album, deleted, photos, albums, tombstones)) {
      check(Instant.now().isBefore(end), "the feed tells of everything in time");
      FeedPage page = feed.getFeed(cursor, 2, null);
      for (FeedItem item : page.getItems()) {
        Object actual = item.getActualInstance();
        if (actual instanceof FeedPhotoItem of) photos.add(of.getData());
        else if (actual instanceof FeedAlbumItem of) albums.add(of.getData());
        else if (actual instanceof FeedTombstoneItem of) tombstones.add(of.getData());
        else throw new IllegalStateException("an item of no known type: " + actual);
      }
      cursor = page.getCursor();
      if (!page.getHasMore()) Thread.sleep(200);
    }
    check(tombstones.stream().anyMatch((of) -> of.getEntity() == FeedEntity.ALBUM), "an album has a tombstone");
    check(tombstones.stream().anyMatch(Tombstone::getPermanent), "a purged photo is gone for good");
    check(tombstones.stream().anyMatch((of) -> !of.getPermanent()), "a trashed photo may come back");
    say(
        "followed the feed from " + (from == null ? "its beginning" : "feedCursor") + ": "
            + photos.size() + " photo, " + albums.size() + " album, " + tombstones.size() + " tombstone item(s)");
  }

  private static boolean isComplete(
      UUID photo, UUID album, List<UUID> deleted, List<Photo> photos, List<FeedAlbum> albums, List<Tombstone> tombstones) {
    boolean hasAlbum =
        albums.stream().anyMatch((of) -> of.getId().equals(album) && of.getName().equals("Holidays") && of.getPhotoIds().size() == 1);
    boolean hasPhoto = photo == null || photos.stream().anyMatch((of) -> of.getId().equals(photo) && of.getHash().length() == 64);
    return hasAlbum && hasPhoto && tombstones.stream().map(Tombstone::getId).toList().containsAll(deleted);
  }

  private void readProblems(UUID trashed) throws Exception {
    check(problem(() -> catalog.getPhoto(UUID.randomUUID(), null)).getCode() == ProblemCode.NOT_FOUND, "404 is not_found");
    Problem invalid = problem(() -> catalog.createAlbum(new CreateAlbumRequest().name(" "), null, null));
    check(invalid.getCode() == ProblemCode.INVALID_REQUEST, "400 is invalid_request");
    check(invalid.getErrors().get(0).getPath().equals("body.name"), "it names the field");
    check(catalog.restorePhoto(trashed, null).getId().equals(trashed), "a trashed photo comes back");
    say("read problems by their codes");
  }

  private interface Call {
    Object run() throws ApiException;
  }

  private static Problem problem(Call call) {
    try {
      throw new IllegalStateException("no problem, but " + call.run());
    } catch (ApiException refusal) {
      return JSON.getGson().fromJson(refusal.getResponseBody(), Problem.class);
    }
  }

  private static HttpResponse<byte[]> get(URI url, String header, String value) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(url).header(header, value).build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofByteArray());
  }

  private static byte[] with(byte[] picture, String more) {
    byte[] content = Arrays.copyOf(picture, picture.length + more.length());
    System.arraycopy(more.getBytes(), 0, content, picture.length, more.length());
    return content;
  }

  private static byte[] sha256(byte[] content) throws Exception {
    return MessageDigest.getInstance("SHA-256").digest(content);
  }

  private static void check(boolean condition, String expectation) {
    if (!condition) throw new IllegalStateException("not true: " + expectation);
  }

  private static void say(String line) {
    System.out.println("  Java: " + line);
  }
}
