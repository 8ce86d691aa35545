-- DropIndex
DROP INDEX "photos_user_id_is_deleted_sort_at_id_idx";

-- AlterTable
ALTER TABLE "album_items" ADD COLUMN     "archived" BOOLEAN,
ADD COLUMN     "favorite" BOOLEAN,
ADD COLUMN     "is_deleted" BOOLEAN,
ADD COLUMN     "position" TEXT COLLATE "C" NOT NULL DEFAULT '~',
ADD COLUMN     "sort_at" TIMESTAMPTZ(3),
ADD COLUMN     "uploaded_at" TIMESTAMPTZ(3);

UPDATE "album_items" i SET "is_deleted" = p."is_deleted", "favorite" = p."favorite", "archived" = p."archived",
  "sort_at" = p."sort_at", "uploaded_at" = p."uploaded_at"
FROM "photos" p WHERE p."id" = i."photo_id";

ALTER TABLE "album_items" ALTER COLUMN "is_deleted" SET NOT NULL,
ALTER COLUMN "favorite" SET NOT NULL,
ALTER COLUMN "archived" SET NOT NULL,
ALTER COLUMN "sort_at" SET NOT NULL,
ALTER COLUMN "uploaded_at" SET NOT NULL;

-- AlterTable
ALTER TABLE "albums" ADD COLUMN     "edits" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "item_order" TEXT NOT NULL DEFAULT 'date';

-- AlterTable
ALTER TABLE "photos" ADD COLUMN     "tag_keys" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- No release has written tags; a key of lower() is close enough for rows that were changed by hand.
UPDATE "photos" SET "tag_keys" = ARRAY(SELECT lower(btrim(t)) FROM unnest("tags") WITH ORDINALITY AS u(t, n) ORDER BY n)
WHERE cardinality("tags") > 0;

-- A statement that writes tags must write their keys.
ALTER TABLE "photos" ADD CONSTRAINT "photos_tag_keys_match" CHECK (cardinality("tag_keys") = cardinality("tags"));

-- CreateTable
CREATE TABLE "photo_tags" (
    "scope" UUID NOT NULL,
    "tag_key" TEXT COLLATE "C" NOT NULL,
    "photo_id" UUID NOT NULL,
    "is_deleted" BOOLEAN NOT NULL,
    "favorite" BOOLEAN NOT NULL,
    "archived" BOOLEAN NOT NULL,
    "sort_at" TIMESTAMPTZ(3) NOT NULL,
    "uploaded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "photo_tags_pkey" PRIMARY KEY ("photo_id","scope","tag_key")
);

-- CreateIndex
CREATE INDEX "photo_tags_by_sort_at" ON "photo_tags"("scope", "tag_key", "is_deleted", "favorite", "archived", "sort_at" DESC, "photo_id" DESC);

-- CreateIndex
CREATE INDEX "photo_tags_by_uploaded_at" ON "photo_tags"("scope", "tag_key", "is_deleted", "favorite", "archived", "uploaded_at" DESC, "photo_id" DESC);

-- CreateIndex
CREATE INDEX "album_items_by_position" ON "album_items"("album_id", "is_deleted", "position", "photo_id");

-- CreateIndex
CREATE INDEX "album_items_by_sort_at" ON "album_items"("album_id", "is_deleted", "favorite", "archived", "sort_at" DESC, "photo_id" DESC);

-- CreateIndex
CREATE INDEX "album_items_by_uploaded_at" ON "album_items"("album_id", "is_deleted", "favorite", "archived", "uploaded_at" DESC, "photo_id" DESC);

-- CreateIndex
CREATE INDEX "photos_by_sort_at" ON "photos"("user_id", "is_deleted", "favorite", "archived", "sort_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "photos_by_uploaded_at" ON "photos"("user_id", "is_deleted", "favorite", "archived", "uploaded_at" DESC, "id" DESC);

-- AddForeignKey
ALTER TABLE "photo_tags" ADD CONSTRAINT "photo_tags_photo_id_fkey" FOREIGN KEY ("photo_id") REFERENCES "photos"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Triggers: copy columns of photos to album_items and photo_tags.

-- A new item takes what lists filter and sort by from its photo, which cannot change until the item is committed.
CREATE FUNCTION album_items_copy_photo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT p.is_deleted, p.favorite, p.archived, p.sort_at, p.uploaded_at
  INTO NEW.is_deleted, NEW.favorite, NEW.archived, NEW.sort_at, NEW.uploaded_at
  FROM photos p WHERE p.id = NEW.photo_id FOR SHARE;
  RETURN NEW;
END $$;
CREATE TRIGGER album_items_copy_photo BEFORE INSERT ON album_items
FOR EACH ROW EXECUTE FUNCTION album_items_copy_photo();

-- A photo's tags are also tags in each of its albums.
CREATE FUNCTION album_items_add_tags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO photo_tags (scope, tag_key, photo_id, is_deleted, favorite, archived, sort_at, uploaded_at)
  SELECT i.album_id, t.tag_key, i.photo_id, i.is_deleted, i.favorite, i.archived, i.sort_at, i.uploaded_at
  FROM new_items i JOIN photos p ON p.id = i.photo_id CROSS JOIN LATERAL unnest(p.tag_keys) AS t(tag_key)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER album_items_add_tags AFTER INSERT ON album_items
REFERENCING NEW TABLE AS new_items FOR EACH STATEMENT EXECUTE FUNCTION album_items_add_tags();

CREATE FUNCTION album_items_remove_tags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM photo_tags t USING old_items i WHERE t.photo_id = i.photo_id AND t.scope = i.album_id;
  RETURN NULL;
END $$;
CREATE TRIGGER album_items_remove_tags AFTER DELETE ON album_items
REFERENCING OLD TABLE AS old_items FOR EACH STATEMENT EXECUTE FUNCTION album_items_remove_tags();

CREATE FUNCTION photos_add_tags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO photo_tags (scope, tag_key, photo_id, is_deleted, favorite, archived, sort_at, uploaded_at)
  SELECT p.user_id, t.tag_key, p.id, p.is_deleted, p.favorite, p.archived, p.sort_at, p.uploaded_at
  FROM new_photos p CROSS JOIN LATERAL unnest(p.tag_keys) AS t(tag_key)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER photos_add_tags AFTER INSERT ON photos
REFERENCING NEW TABLE AS new_photos FOR EACH STATEMENT EXECUTE FUNCTION photos_add_tags();

CREATE FUNCTION photos_update_lists() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.tag_keys IS DISTINCT FROM OLD.tag_keys THEN
    DELETE FROM photo_tags WHERE photo_id = NEW.id AND tag_key <> ALL (NEW.tag_keys);
    INSERT INTO photo_tags (scope, tag_key, photo_id, is_deleted, favorite, archived, sort_at, uploaded_at)
    SELECT s.scope, t.tag_key, NEW.id, NEW.is_deleted, NEW.favorite, NEW.archived, NEW.sort_at, NEW.uploaded_at
    FROM (SELECT NEW.user_id AS scope UNION ALL SELECT album_id FROM album_items WHERE photo_id = NEW.id) AS s
    CROSS JOIN unnest(NEW.tag_keys) AS t(tag_key)
    ON CONFLICT DO NOTHING;
  END IF;
  IF (NEW.is_deleted, NEW.favorite, NEW.archived, NEW.sort_at, NEW.uploaded_at)
    IS DISTINCT FROM (OLD.is_deleted, OLD.favorite, OLD.archived, OLD.sort_at, OLD.uploaded_at) THEN
    UPDATE photo_tags SET is_deleted = NEW.is_deleted, favorite = NEW.favorite, archived = NEW.archived,
      sort_at = NEW.sort_at, uploaded_at = NEW.uploaded_at WHERE photo_id = NEW.id;
    UPDATE album_items SET is_deleted = NEW.is_deleted, favorite = NEW.favorite, archived = NEW.archived,
      sort_at = NEW.sort_at, uploaded_at = NEW.uploaded_at WHERE photo_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER photos_update_lists AFTER UPDATE ON photos FOR EACH ROW
WHEN ((NEW.is_deleted, NEW.favorite, NEW.archived, NEW.sort_at, NEW.uploaded_at, NEW.tag_keys)
  IS DISTINCT FROM (OLD.is_deleted, OLD.favorite, OLD.archived, OLD.sort_at, OLD.uploaded_at, OLD.tag_keys))
EXECUTE FUNCTION photos_update_lists();
