# shellcheck shell=bash disable=SC2154 # the variables of scripts/verify-clients
# What can be said about generated code by reading it.

# expect <file> <text>: the file has the text somewhere.
expect() {
  grep -qF -- "$2" "$1" || die "$1 has no: $2"
}

# Names that a generator has made up, because a schema had none.
check_names() {
  local made_up
  made_up=$(cd "$work" && find . -path ./logs -prune -o -type f -print |
    grep -iE '/[A-Za-z0-9_]*(20[0-9]_?response|one_?of_?[0-9]*|inner|_?request_?[0-9]+|_1)\.(java|kt|swift|dart)$' || true)
  [ -z "$made_up" ] || die "Made-up names:
$made_up"
  echo "Names: every model of $(find "$work/kotlin" -path '*models/*.kt' -not -path '*/test/*' | wc -l) has the one of its schema"
}

check_swift() {
  local models=$work/swift6/Sources/LazyPhotosClient/Models kind
  expect "$models/FeedItem.swift" 'public enum FeedItem'
  for kind in Photo Album Tombstone; do
    expect "$models/FeedItem.swift" "case typeFeed${kind}Item(Feed${kind}Item)"
  done
  expect "$models/FeedPhotoItem.swift" 'public var data: Photo'
  expect "$models/FeedAlbumItem.swift" 'public var data: FeedAlbum'
  expect "$models/FeedTombstoneItem.swift" 'public var data: Tombstone'
  expect "$models/FeedAlbum.swift" 'public var photoIds: [UUID]'
  expect "$models/Photo.swift" 'public var sizeBytes: Int64'
  expect "$models/Photo.swift" 'public var width: Int?'
  echo 'Swift: FeedItem is an enum of the three items, each with its own data (read, not compiled)'
}

check_dart() {
  local models=$work/dart/lib/src/model kind
  for kind in Photo Album Tombstone; do
    expect "$models/feed_item.dart" "r'${kind,,}': Feed${kind}Item,"
  done
  expect "$models/feed_photo_item.dart" 'Photo get data;'
  expect "$models/feed_album_item.dart" 'FeedAlbum get data;'
  expect "$models/feed_tombstone_item.dart" 'Tombstone get data;'
  expect "$models/feed_album.dart" 'BuiltList<String> get photoIds;'
  expect "$models/photo.dart" 'int? get width;'
  echo 'Dart: FeedItem is one of the three items by its type, each with its own data (read, not compiled)'
}
